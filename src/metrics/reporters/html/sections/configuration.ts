/** What was run, on what, and what a reader must know of it. */
import type { FinishedRun, InstrumentVerdict, RunRecord } from '../../../run.ts';
import { shorten } from '../../text/events.ts';
import { bytes, cores, milliseconds, percent } from '../../text/format.ts';
import { dataTable, resultWord, section } from '../parts.ts';
import { type Html, html } from '../template.ts';

const scenarioCharactersMax = 60_000;

export function instrumentSection(instrument: InstrumentVerdict, whose: string): Html {
  const { state, reasons, slipP99Ms, lateShare, eventLoopP99Ms, cpuFraction } = instrument;
  const rows = [
    ['verdict', resultWord(state)],
    ['sends late by, p99', milliseconds(slipP99Ms)],
    ['sends more than 10 ms late', percent(lateShare)],
    ['event-loop delay, p99', milliseconds(eventLoopP99Ms)],
    ['CPU of the busiest worker', cores(cpuFraction)],
  ] as const;
  return section(
    'instrument',
    'Instrument',
    dataTable({
      caption: `Whether the load generator itself can be trusted: ${whose}.`,
      columns: [{ title: '' }, { title: 'measured', kind: 'number' }],
      rows: rows.map((cells) => ({ cells })),
    }),
    reasons.length > 0 && html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`,
  );
}

export function configurationSection({ record }: FinishedRun): Html {
  const whole = JSON.stringify(record.resolved, null, 2) ?? 'null';
  const cut = whole.length > scenarioCharactersMax;
  return section(
    'configuration',
    'Configuration',
    notesList(record.notes),
    machineTable(record, [
      ['run', record.id],
      ['seed', String(record.seed)],
      ['trace', record.traceHash],
      ['started', record.startedAt],
    ]),
    html`<details><summary>The scenario as it was run, every default filled in${cut && ' (cut; whole in run.json)'}</summary>
<pre>${shorten(whole, scenarioCharactersMax)}</pre></details>`,
  );
}

/** Machine and versions below the rows given. */
export function machineTable(
  of: Pick<RunRecord, 'machine' | 'versions'>,
  rows: readonly (readonly [name: string, value: string])[],
): Html {
  const { cpus, cpuModel, memoryBytes, os } = of.machine;
  const all = [
    ...rows,
    ['machine', `${cpus} × ${cpuModel}, ${bytes(memoryBytes)} memory, ${os}`],
    ...Object.entries(of.versions).map(([name, version]) => [`${name} version`, version] as const),
  ] as const;
  return dataTable({
    caption: 'What ran where.',
    columns: [{ title: '' }, { title: '', kind: 'words' }],
    rows: all.map((cells) => ({ cells })),
  });
}

export function notesList(notes: readonly string[]): Html | null {
  if (notes.length === 0) return null;
  return html`<p class="muted">To be known:</p><ul class="muted">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}
