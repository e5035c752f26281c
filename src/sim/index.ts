/** What a scenario may use; to other projects the package itself, `import { defineScenario } from 'nawaab'`. */
export { defineScenario, type ScenarioInput } from './scenario.ts';
