import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'database-outage',
  description:
    'The database is silent for a minute, under load. Everybody stays connected and writes on; nothing is lost, and all is sent and delivered by itself once it is back.',
  users: 100,
  topology: { kind: 'friends', degree: 4 },
  pace: { kind: 'constant', perSec: 40 },
  warmupMs: 2000,
  measureMs: 75_000,
  faults: [{ kind: 'databasePause', at: { ms: 5000 }, forMs: 60_000 }],
  thresholds: ['lost == 0', 'duplicated == 0', 'reordered == 0', 'disconnects == 0', 'accepted.rate >= 99.9%'],
});
