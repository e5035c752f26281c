import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'server-crash',
  description:
    'A server is killed with signal 9 in mid-run and comes back two seconds later. Nothing accepted may be lost.',
  users: 200,
  topology: { kind: 'friends', degree: 4 },
  pace: { kind: 'constant', perSec: 300 },
  measureMs: 12_000,
  faults: [{ kind: 'kill', at: { ms: 6000 }, server: 's2', downMs: 2000 }],
  thresholds: ['lost == 0', 'duplicated == 0', 'reordered == 0', 'accepted.rate >= 99.9%'],
});
