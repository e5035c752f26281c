import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'database-restart',
  description:
    'PostgreSQL ends at once in mid-run, under load, and is back a second later. Nothing accepted may be lost, and nobody is cut off.',
  users: 200,
  topology: { kind: 'friends', degree: 4 },
  pace: { kind: 'constant', perSec: 300 },
  measureMs: 12_000,
  faults: [{ kind: 'databaseRestart', at: { ms: 6000 }, how: 'immediate', downMs: 1000 }],
  thresholds: ['lost == 0', 'duplicated == 0', 'reordered == 0', 'disconnects == 0', 'accepted.rate >= 99.9%'],
});
