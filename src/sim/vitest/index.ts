/** Scenarios as vitest tests: `import { scenarioTest, sharedCluster } from 'nawaab/vitest'`; see `docs/ci.md`. */
export { type ScenarioTestOptions, scenarioTest } from './scenario-test.ts';
export { type SharedCluster, type SharedClusterOptions, sharedCluster } from './shared-cluster.ts';
