/** Thresholds and checks, with the events that prove a violation. */
import type { Evidence, Verdict } from '../../../checks/check.ts';
import type { Summary } from '../../../run.ts';
import { eventCells, eventHeadings, shorten } from '../../text/events.ts';
import { count, figure } from '../../text/format.ts';
import { dataTable, resultWord, section } from '../parts.ts';
import { type Html, html } from '../template.ts';

/** Timelines beyond these are in the history, and the page says so. */
const evidencesMax = 10;
const eventsMax = 30;
const sentenceCharactersMax = 500;

export function thresholdsSection({ thresholds }: Summary): Html {
  const rows = thresholds.map(({ expression, result, actual }) => ({
    cells: [expression, resultWord(result), actual === null ? 'not measured' : figure(actual)],
  }));
  const columns = [{ title: 'threshold' }, { title: 'result' }, { title: 'measured', kind: 'number' as const }];
  return section(
    'thresholds',
    'Thresholds',
    rows.length > 0
      ? dataTable({ caption: 'Measured values are in the unit of the threshold’s metric.', columns, rows })
      : html`<p class="muted">The scenario sets none.</p>`,
  );
}

export function checksSection({ checks }: Summary): Html {
  const rows = checks.map(({ check, result, summary }) => ({
    cells: [check, resultWord(result), shorten(summary, sentenceCharactersMax)],
  }));
  const columns = [{ title: 'check' }, { title: 'result' }, { title: 'in words', kind: 'words' as const }];
  return section(
    'checks',
    'Checks',
    rows.length > 0
      ? dataTable({ caption: 'What the history of the run proves, message by message.', columns, rows })
      : html`<p class="muted">Nothing was judged: no history was recorded.</p>`,
    checks.filter(({ evidence }) => evidence.length > 0).map(violations),
  );
}

// ---

function violations({ check, violations: total, evidence }: Verdict): Html {
  const shown = evidence.slice(0, evidencesMax);
  const rest = total > shown.length ? ` (the first ${shown.length} of ${count(total)})` : '';
  return html`<h3>${check}: what proves it${rest}</h3>
${shown.map((each, index) => timeline(each, index === 0))}`;
}

function timeline({ what, timeline: events }: Evidence, open: boolean): Html {
  const rows = events.slice(0, eventsMax).map((event) => ({ cells: eventCells(event) }));
  const columns = eventHeadings.map((title) => ({ title }));
  return html`<details class="evidence" ${open && 'open'}><summary>${shorten(what, sentenceCharactersMax)}</summary>
${dataTable({ caption: 'Events of this message, in order. Time since the start of the run.', columns, rows })}</details>`;
}
