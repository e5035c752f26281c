import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'presence-storm',
  description:
    'Everybody watches twenty others, types before each message, and every eight seconds a third of all go away together and come back together: who is online is told soon, and never in the way of messages.',
  users: 400,
  topology: { kind: 'friends', degree: 14 },
  pace: { kind: 'constant', perSec: 200 },
  warmupMs: 3000,
  measureMs: 24_000,
  // Longer than presence takes to be read again when a signal was lost.
  drainMs: 45_000,
  watch: { each: 20, strangers: 5 },
  waves: { everyMs: 8000, share: 0.3, offlineMs: 4000 },
  typing: { forMs: 2000 },
  // Else nobody would be away for long enough to be seen to be.
  cluster: { server: { presenceGraceMs: 1500 } },
  thresholds: [
    'presence.p50 < 2s',
    'presence.p99 < 4s',
    'presence.unseen == 0',
    'presence.toldPerChange < 45',
    'delivery.p99 < 500ms',
    'accepted.rate >= 99.9%',
    'lost == 0',
    'duplicated == 0',
    'reordered == 0',
  ],
});
