import { Argument, Command } from 'commander';
import { catalog, checks, reporters } from '../../../metrics/index.ts';
import { strategies } from '../../../system/index.ts';
import { backends } from '../../backends/index.ts';
import { faultKinds } from '../../faults/fault.ts';
import { loadScenario, scenarioNames } from '../../load-scenario.ts';
import { type ScenarioField, scenarioFields } from '../../scenario-fields.ts';

/** Each list is read from the registry that the program itself uses, so it cannot be stale. */
const lists: Readonly<Record<string, () => Promise<readonly Row[]> | readonly Row[]>> = {
  scenarios: () =>
    Promise.all(scenarioNames().map(async (name) => [name, (await loadScenario(name)).description] as const)),
  fields: () => scenarioFields().map((field) => [field.path, fieldText(field)] as const),
  strategies: () => Object.entries(strategies).map(([name, entry]) => [name, entry.rule] as const),
  backends: () => Object.entries(backends).map(([name, backend]) => [name, backend.description] as const),
  faults: () => Object.entries(faultKinds),
  checks: () => Object.entries(checks).map(([name, entry]) => [name, entry.promise] as const),
  metrics: () => Object.entries(catalog).map(([name, metric]) => [name, `${metric.meaning} (${metric.unit})`] as const),
  reporters: () => Object.entries(reporters).map(([name, entry]) => [name, entry.does] as const),
};

type Row = readonly [name: string, meaning: string];

export function listCommand(): Command {
  return new Command('list')
    .description('Show what there is to choose from.')
    .addArgument(new Argument('<what>', 'which list').choices(Object.keys(lists)))
    .action(async (what: string) => {
      const rows = await lists[what]!();
      const width = Math.max(...rows.map(([name]) => name.length));
      for (const [name, meaning] of rows) console.log(`${name.padEnd(width)}  ${meaning}`);
    });
}

// ---

function fieldText({ meaning, type, default: value, kinds }: ScenarioField): string {
  const of = kinds === null ? '' : `of ${kinds.join(', ')}; `;
  return `${meaning} (${of}${type}${value === null ? '' : `; default ${value}`})`;
}
