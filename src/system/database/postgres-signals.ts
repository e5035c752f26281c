import { packLines } from './postgres-hints.ts';
import type { Signal } from './signal.ts';

/** Signals as the text of notifications: a first line that names the sender, then one line of JSON for each. */
export function encodeSignals(signals: readonly Signal[], origin: string): readonly string[] {
  return packLines(
    signals.map((signal) => `${JSON.stringify(signal)}\n`),
    origin,
  );
}

export function decodeSignals(text: string): readonly Signal[] {
  const lines = text.slice(text.indexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Signal);
}
