import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'group-churn',
  description:
    'Members are invited, are removed and leave while others write: each message reaches those who belong to the group at its place, and nobody else.',
  users: 200,
  topology: { kind: 'groups', count: 25, size: 20 },
  pace: { kind: 'constant', perSec: 100 },
  turnover: { perSec: 20 },
  thresholds: [
    'delivery.p99 < 500ms',
    'fanOut.p90 < 500ms',
    'accepted.rate >= 99%',
    'lost == 0',
    'duplicated == 0',
    'reordered == 0',
  ],
});
