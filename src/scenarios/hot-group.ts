import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'hot-group',
  description:
    'Few groups get nearly all messages (Zipf): each of them is delivered to a hundred members on every server.',
  users: 300,
  topology: { kind: 'groups', count: 12, size: 100, skew: 1.2 },
  pace: { kind: 'constant', perSec: 25 },
  activity: { kind: 'lognormal', sigma: 1 },
  thresholds: ['delivery.p99 < 500ms', 'fanOut.p90 < 600ms', 'lost == 0', 'duplicated == 0', 'reordered == 0'],
});
