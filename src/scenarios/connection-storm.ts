import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'connection-storm',
  description: 'Everybody connects in the same second, and then keeps leaving and coming back while messages flow.',
  users: 1000,
  rampMs: 1000,
  topology: { kind: 'pairs' },
  pace: { kind: 'constant', perSec: 200 },
  churn: { stayMeanMs: 5000, offlineMs: 500 },
  thresholds: ['connect.p99 < 2000ms', 'lost == 0', 'duplicated == 0', 'reordered == 0'],
});
