/** What is counted besides messages, by the second in which it happened, where the scenario has it. */
import type { CountLine } from './run.ts';
import { type Window, windowSeconds } from './window.ts';

export interface Counted {
  readonly better: 'lower' | 'higher';
  readonly meaning: string;
  /** They are bytes. */
  readonly isBytes?: true;
}

/** To add one: one line here. Each is a metric of the same name. */
export const extraCounts = {
  'presence.changes': lower('comings and goings that watchers were to see'),
  'presence.told': lower('users whose presence was told, to each watcher'),
  'presence.unseen': lower('changes that a watcher was not told of before the next one'),
  'typing.told': lower('beginnings of typing told, to each other member'),
  'images.uploaded': higher('images stored by the servers'),
  'images.uploadedBytes': bytes('bytes of these images'),
  'images.downloaded': higher('images read by recipients, each for itself'),
  'images.downloadedBytes': bytes('bytes of these images'),
  'images.repeated': lower('transfers of images that failed and were tried again'),
  'images.denied': higher('images that were kept from somebody who was no member'),
} as const satisfies Record<string, Counted>;

export type ExtraCountName = keyof typeof extraCounts;
export const extraCountNames = Object.keys(extraCounts) as ExtraCountName[];

/** Names that are left out were not counted. */
export type ExtraCounts = Readonly<Partial<Record<ExtraCountName, number>>>;

/** What was counted in the measure phase, and how much that is each second. */
export type ExtraSummary = Readonly<
  Partial<Record<ExtraCountName, { readonly count: number; readonly perSec: number }>>
>;

export function addExtra(a: ExtraCounts, b: ExtraCounts): ExtraCounts {
  const sum: Partial<Record<ExtraCountName, number>> = { ...a };
  for (const name of Object.keys(b) as ExtraCountName[]) sum[name] = (sum[name] ?? 0) + b[name]!;
  return sum;
}

/** What was counted at all in the run is there, with 0 where nothing of it happened in the window. */
export function summariseExtra(lines: readonly CountLine[], inWindow: ExtraCounts, window: Window): ExtraSummary {
  const all = lines.reduce<ExtraCounts>((sum, { extra }) => (extra ? addExtra(sum, extra) : sum), {});
  const seconds = windowSeconds(window);
  return Object.fromEntries(
    extraCountNames
      .filter((name) => all[name] !== undefined)
      .map((name) => [name, { count: inWindow[name] ?? 0, perSec: seconds && (inWindow[name] ?? 0) / seconds }]),
  );
}

// ---

function bytes(meaning: string): Counted {
  return { better: 'higher', meaning, isBytes: true };
}

function higher(meaning: string): Counted {
  return { better: 'higher', meaning };
}

function lower(meaning: string): Counted {
  return { better: 'lower', meaning };
}
