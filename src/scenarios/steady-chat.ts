import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'steady-chat',
  description: 'Friends write to each other at an even pace; nothing is broken. The base line of everything else.',
  users: 200,
  topology: { kind: 'friends', degree: 4 },
  pace: { kind: 'constant', perSec: 400 },
  thresholds: ['delivery.p99 < 250ms', 'accepted.rate >= 99.9%', 'lost == 0', 'duplicated == 0', 'reordered == 0'],
});
