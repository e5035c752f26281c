import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'encrypted-chat',
  description:
    'Users with real messengers, which encrypt by MLS, write to groups whose members are invited, are removed and leave, while a server is killed: members read what was written, and nobody else.',
  encryption: 'mls',
  users: 40,
  topology: { kind: 'groups', count: 8, size: 8 },
  pace: { kind: 'constant', perSec: 20 },
  turnover: { perSec: 1 },
  measureMs: 15_000,
  drainMs: 30_000,
  faults: [{ kind: 'kill', at: { ms: 8000 }, server: 's2', downMs: 2000 }],
  thresholds: ['delivery.p50 < 500ms', 'accepted.rate >= 99%', 'lost == 0', 'duplicated == 0', 'reordered == 0'],
});
