import { defineScenario } from '../sim/index.ts';

export default defineScenario({
  name: 'strategy-comparison',
  description: 'Three servers, one of them at half speed: which strategy keeps the slow one from slowing everybody?',
  cluster: { servers: [{ cpuShare: 1 }, { cpuShare: 1 }, { cpuShare: 0.5 }], probeMs: 500 },
  users: 200,
  topology: { kind: 'friends', degree: 4 },
  pace: { kind: 'constant', perSec: 500 },
  activity: { kind: 'lognormal', sigma: 1 },
  rampMs: 1000,
  warmupMs: 1000,
  measureMs: 4000,
  drainMs: 8000,
  // Who stays for good is placed once, before there is any load to see; who comes again and again is placed by what is known then.
  churn: { stayMeanMs: 4000, offlineMs: 200 },
  strategies: ['round-robin', 'random', 'memory', 'cpu', 'least-connections', 'two-choices'],
  trials: 3,
  thresholds: ['lost == 0', 'duplicated == 0', 'reordered == 0'],
});
