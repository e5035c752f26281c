/** What a scenario may use. */
export { defineScenario, type ScenarioInput } from './scenario.ts';
