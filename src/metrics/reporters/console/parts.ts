/** What the run's and the comparison's summaries on the terminal share. */
import type { InstrumentVerdict } from '../../run.ts';
import { type Cell, type Color, clean, createPaint, type Paint } from '../text/table.ts';

export { type Color, createPaint };

export interface Lines {
  readonly width: number;
  readonly paint: Paint;
}

type Result = 'pass' | 'fail' | 'unknown';

/** Told apart by the word, not by colour alone. */
export const marks: Readonly<Record<Result, Cell>> = {
  pass: { text: 'pass', color: 'green' },
  fail: { text: 'FAIL', color: 'red' },
  unknown: { text: 'unknown', color: 'yellow' },
};

const verdictColors: Readonly<Record<Result, Color>> = { pass: 'green', fail: 'red', unknown: 'yellow' };

/** The first line: verdict, name and, unless it is VALID, the instrument with its first reason; `told` in place of its state. */
export function verdictLine(
  of: {
    readonly name: string;
    readonly verdict: Result;
    readonly instrument: InstrumentVerdict;
    readonly told?: string;
  },
  out: Lines,
): string {
  const { state, reasons } = of.instrument;
  const { told = state } = of;
  const doubt = state === 'VALID' ? '' : ` · instrument ${told}${reasons[0] ? `: ${clean(reasons[0])}` : ''}`;
  const line = `${out.paint(of.verdict.toUpperCase(), verdictColors[of.verdict])}  ${out.paint(clean(of.name), 'bold')}`;
  return line + (doubt && out.paint(doubt, state === 'INVALID' ? 'red' : 'yellow'));
}

export function heading(title: string, out: Lines): string[] {
  return ['', out.paint(title, 'bold')];
}
