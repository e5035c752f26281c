/** Pages made from the registries: strategies, scenarios, checks, metrics, faults. */
import { catalog, checks, partNames } from '../../src/metrics/index.ts';
import { backends } from '../../src/sim/backends/index.ts';
import { faultKinds } from '../../src/sim/faults/fault.ts';
import { loadScenario, scenarioNames } from '../../src/sim/load-scenario.ts';
import { scenarioFields } from '../../src/sim/scenario-fields.ts';
import { serverSettingTable, strategies } from '../../src/system/index.ts';

const madeFrom = (place: string): string => `Made from \`${place}\` by \`npm run docs\`; do not edit.`;

export function strategiesPage(): string {
  const rows = Object.entries(strategies).map(([name, { rule, advice }]) => [`\`${name}\``, rule, advice]);
  return page(
    'Balancing strategies',
    madeFrom('src/system/balancer/strategies/'),
    table(['name', 'rule', 'when'], rows),
  );
}

export async function scenariosPage(): Promise<string> {
  const scenarios = await Promise.all(scenarioNames().map((name) => loadScenario(name)));
  const rows = scenarios.map(({ name, description, users, thresholds }) => [
    `\`${name}\``,
    description,
    String(users),
    thresholds.map((threshold) => `\`${threshold}\``).join('<br>'),
  ]);
  return page(
    'Scenarios',
    madeFrom('src/scenarios/'),
    table(['name', 'what happens', 'users', 'thresholds'], rows),
    ownScenarioText,
    '## Fields',
    'Any of them can be changed for a run: `--set users=500 --set pace.perSec=200`. Durations are milliseconds; `[]` stands for a place in a list.',
    table(['field', 'what it says', 'type', 'default'], fieldRows()),
    '## Faults',
    table(
      ['kind', 'what it does'],
      Object.entries(faultKinds).map(([kind, meaning]) => [`\`${kind}\``, meaning]),
    ),
    '## Backends',
    table(
      ['name', 'where it runs'],
      Object.values(backends).map(({ name, description }) => [`\`${name}\``, description]),
    ),
  );
}

export function checksPage(): string {
  const rows = Object.entries(checks).map(([name, { promise }]) => [`\`${name}\``, promise]);
  const metrics = Object.entries(catalog).map(([name, { meaning, unit, better, tags }]) => [
    `\`${name}\``,
    unit,
    better,
    tags.join(', '),
    meaning,
  ]);
  return page(
    'Checks and metrics',
    madeFrom('src/metrics/'),
    'Every check answers pass, fail or unknown; unknown when the history could not have shown a violation.',
    table(['check', 'promise'], rows),
    '## Thresholds',
    thresholdsText,
    '## Metrics\n\nFor thresholds and for comparisons.',
    table(['metric', 'unit', 'better', 'tags', 'meaning'], metrics),
  );
}

export function settingsPage(): string {
  const rows = Object.entries(serverSettingTable).map(([name, { value, unit, why }]) => [
    `\`${name}\``,
    String(value),
    unit,
    why,
  ]);
  return page(
    'Settings of a chat server',
    madeFrom('src/system/server/settings.ts'),
    table(['name', 'default', 'unit', 'why'], rows),
  );
}

// ---

function fieldRows(): readonly (readonly string[])[] {
  return scenarioFields().map(({ path, kinds, meaning, type, default: value }) => [
    `\`${path}\``,
    `${kinds === null ? '' : `Of ${kinds.map((kind) => `\`${kind}\``).join(', ')}: `}${meaning}`,
    type,
    value === null ? '' : `\`${value}\``,
  ]);
}

const ownScenarioText: string = `## A scenario of one's own

A file that exports one, or a \`.json\` file that is one; its name is that of the file. Here \`shop-day.ts\`:

\`\`\`ts
import { defineScenario } from 'nawaab';

export default defineScenario({
  name: 'shop-day',
  description: 'Groups write at a growing pace, and PostgreSQL ends at once in the middle.',
  users: 60,
  topology: { kind: 'groups', count: 10, size: 6 },
  pace: { kind: 'ramp', fromPerSec: 20, toPerSec: 100 },
  faults: [{ kind: 'databaseRestart', at: { ms: 8000 } }],
  thresholds: ['delivery.p99 < 3s', 'lost == 0', 'duplicated == 0', 'reordered == 0'],
});
\`\`\`

\`\`\`
npx nawaab run ./shop-day.ts --backend virtual     # a few seconds
npx nawaab run ./shop-day.ts                       # on real processes
npx nawaab compare ./shop-day.ts --strategies least-connections,cpu
\`\`\`

Everything but \`name\` and \`description\` has a default. Without thresholds a run passes when every check does; see [checks.md](checks.md).`;

const thresholdsText: string = `A threshold is a metric, a comparison and a number, with or without a unit: \`delivery.p99 < 200ms\`. Figures are those of
the measure phase.

- Tags narrow it: \`delivery.p99{server=s2} < 300ms\`, \`accepted.rate{phase=fault} >= 95%\`, \`delivery.p99{server=s1,phase=drain} < 1s\`.
  Phases: ${partNames.map((name) => `\`${name}\``).join(', ')}; \`fault\` is every second in which a fault was in force. The table says which
  metric takes which tag.
- With \`abortOnFail\` at the end it can end the run: \`delivery.p99 < 5s abortOnFail\`. Once a second it is judged on what the measure phase
  has shown so far, four seconds late. Broken, it stops the sending; the run is drained, judged and reported like any other, and has failed.
  Metrics without tags are found only after the run and cannot end it.`;

function page(title: string, ...parts: readonly string[]): string {
  return `# ${title}\n\n${parts.join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
