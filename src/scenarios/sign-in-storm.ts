import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'sign-in-storm',
  description:
    'Every second a crowd signs in at the same moment, each password hashed as in production, while others talk: hashing must not starve the conversations.',
  cluster: {
    // The first choice of OWASP for argon2id and the queue of a server in production; only the limits for one address are lifted.
    server: {
      hashMemoryKiB: 19_456,
      hashPasses: 2,
      hashParallelism: 1,
      passwordQueueMax: 1024,
      signInPerMinutePerName: 100_000,
      signInPerMinutePerAddress: 100_000,
    },
  },
  users: 100,
  topology: { kind: 'friends', degree: 4 },
  pace: { kind: 'constant', perSec: 100 },
  measureMs: 20_000,
  signIns: { perSec: 15 },
  thresholds: [
    'signIn.p90 < 3s',
    'http.5xx == 0',
    'http.429 == 0',
    'http.unanswered == 0',
    'delivery.p99 < 500ms',
    'lost == 0',
    'duplicated == 0',
    'reordered == 0',
  ],
});
