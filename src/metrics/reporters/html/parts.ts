/** Pieces that sections of both pages are made of. */

import type { InstrumentVerdict } from '../../run.ts';
import type { ChartSpec } from '../charts/spec.ts';
import { type Content, type Html, html } from './template.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand right; words may wrap. */
  readonly kind?: 'number' | 'words';
}

/** A table that scrolls by itself on a narrow screen. The first cell of each row is its heading. */
export function dataTable(of: {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly cells: readonly Content[]; readonly style?: 'sub' | 'first' }[];
}): Html {
  const { caption, columns, rows } = of;
  const classOf = (index: number): string => columns[index]?.kind ?? '';
  return html`<p class="note caption">${caption}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table aria-label="${caption}">
<thead><tr>${columns.map(({ title }, index) => html`<th scope="col" class="${classOf(index)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ cells, style = '' }) =>
      html`<tr class="${style}">${cells.map((cell, index) =>
        index === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${classOf(index)}">${cell}</td>`,
      )}</tr>
`,
  )}</tbody>
</table></div>`;
}

/** The place of a chart; the page's script draws into it and fills its table when that is opened. */
export function chartFigure(spec: ChartSpec): Html {
  return html`<figure id="${spec.id}">
<figcaption id="${spec.id}-title">${spec.title}</figcaption>
<p class="note about" id="${spec.id}-about">${spec.description}</p>
${spec.note && html`<p class="note">${spec.note}</p>`}
<ul class="legend" aria-label="Lines of this chart; press to hide or show"></ul>
<div class="canvas"><canvas role="img" aria-labelledby="${spec.id}-title" aria-describedby="${spec.id}-about"></canvas></div>
<details class="data"><summary>Figures of “${spec.title}”</summary><div class="scroll" tabindex="0" role="region" aria-label="Figures of ${spec.title}"><table></table></div></details>
</figure>`;
}

export function section(id: string, title: string, ...content: readonly Content[]): Html {
  return html`<section aria-labelledby="${id}-heading" id="${id}"><h2 id="${id}-heading">${title}</h2>
${content}</section>
`;
}

export function contents(sections: readonly (readonly [id: string, title: string])[]): Html {
  return html`<nav aria-label="On this page"><ul>${sections.map(
    ([id, title]) => html`<li><a href="#${id}">${title}</a></li>`,
  )}</ul></nav>`;
}

/** The word itself says it; colour only repeats it. */
export function resultWord(result: string): Html {
  const known = ['pass', 'fail', 'unknown', 'VALID', 'DEGRADED', 'INVALID', 'better', 'worse'].includes(result);
  return html`<span class="word ${known ? result : ''}">${result === 'fail' ? 'FAIL' : result}</span>`;
}

/** Verdict and instrument on the first line, then why. */
export function verdictBox(of: {
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly reasons: readonly string[];
  readonly instrument: InstrumentVerdict;
  /** Instead of the state alone, where it is that of several runs. */
  readonly instrumentTold?: string;
  readonly told: string;
}): Html {
  const { verdict, reasons, instrument, told } = of;
  const rest = of.instrumentTold?.startsWith(instrument.state) ? of.instrumentTold.slice(instrument.state.length) : '';
  const doubts = instrument.reasons.length > 0 ? `: ${instrument.reasons.join('; ')}` : '';
  return html`<div class="verdict ${verdict}" role="status">
<p><span class="word ${verdict}">${verdict.toUpperCase()}</span> · instrument ${resultWord(instrument.state)}${rest}${doubts}</p>
${reasons.length > 0 && html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
<p class="note">${told}</p>
</div>`;
}

export function tiles(of: readonly (readonly [title: string, value: string])[]): Html {
  return html`<dl class="tiles">${of.map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function heading(of: {
  readonly name: string;
  readonly description: string;
  readonly facts: readonly string[];
}): Html {
  return html`<header>
<div class="top"><h1>${of.name}</h1><button type="button" class="theme" hidden>Dark theme</button></div>
<p>${of.description}</p>
<ul class="facts">${of.facts.map((fact) => html`<li>${fact}</li>`)}</ul>
</header>
<noscript><p class="note">Charts need scripts, which are off. The tables hold the main figures all the same.</p></noscript>`;
}

/** The last line of a page: the one that runs it again. */
export function again(line: string): Html {
  return section(
    'again',
    'Run it again',
    html`<div class="again"><pre id="again-line">${line}</pre><button type="button" class="copy" hidden>Copy</button></div>`,
  );
}

/** A section of things that are counted, with what each means, and the charts of it. */
export function countsSection(of: {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  /** Name, count, rate, meaning. */
  readonly rows: readonly (readonly Content[])[];
  readonly charts: readonly ChartSpec[];
}): Html {
  const columns: Column[] = [
    { title: '' },
    { title: 'count', kind: 'number' },
    { title: 'rate', kind: 'number' },
    { title: 'meaning', kind: 'words' },
  ];
  const rows = of.rows.map((cells) => ({ cells }));
  return section(of.id, of.title, dataTable({ caption: of.caption, columns, rows }), of.charts.map(chartFigure));
}
