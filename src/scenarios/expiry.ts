import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'expiry',
  description:
    'Messages are kept for three seconds only, and half of the users are away for fifteen: they are told exactly what they missed, and everybody else goes on writing meanwhile.',
  users: 120,
  topology: { kind: 'groups', count: 24, size: 20 },
  pace: { kind: 'constant', perSec: 40 },
  warmupMs: 2000,
  measureMs: 22_000,
  away: { share: 0.5, fromMs: 3000, forMs: 15_000 },
  cluster: { server: { expiryMs: 3000, expiryEveryMs: 500 } },
  thresholds: ['accepted.rate >= 99.9%', 'lost == 0', 'duplicated == 0', 'reordered == 0'],
});
