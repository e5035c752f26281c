import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'offline-return',
  description:
    'Half of the users go offline together for twenty seconds, messages pile up, and all return at once: what they missed must be complete, and soon.',
  users: 240,
  topology: { kind: 'groups', count: 24, size: 40 },
  pace: { kind: 'constant', perSec: 40 },
  warmupMs: 2000,
  measureMs: 28_000,
  away: { share: 0.5, fromMs: 4000, forMs: 20_000 },
  thresholds: [
    'catchUp.p50 < 1s',
    'catchUp.max < 3s',
    'accepted.rate >= 99.9%',
    'lost == 0',
    'duplicated == 0',
    'reordered == 0',
  ],
});
