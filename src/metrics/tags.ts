/** What a threshold may be narrowed to: one server, or a part of the run. */
import type { Recording } from './recording.ts';
import { faultWindow, measureWindow, phaseWindow, type Window } from './window.ts';

/** Parts of a run by name; `fault` is every second in which a fault was in force, whatever the phase. */
const parts = {
  ramp: (record) => phaseWindow(record, 'ramp'),
  warmup: (record) => phaseWindow(record, 'warmup'),
  measure: measureWindow,
  drain: (record) => phaseWindow(record, 'drain'),
  fault: faultWindow,
} as const satisfies Record<string, (record: Recording['record']) => Window>;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as PartName[];

export function isPartName(name: string): name is PartName {
  return Object.hasOwn(parts, name);
}

export const tagNames = ['server', 'phase'] as const;
export type TagName = (typeof tagNames)[number];

/** Both left out: all servers, the measure phase. */
export interface Tags {
  readonly server?: string;
  readonly phase?: PartName;
}

/** The seconds that the tags ask about. */
export function taggedWindow(record: Recording['record'], { phase = 'measure' }: Tags): Window {
  return parts[phase](record);
}

/** Of what was recorded by server, only that of the server asked about. */
export function taggedRecording<T extends Pick<Recording, 'record' | 'histograms' | 'samples'>>(
  recording: T,
  { server }: Tags,
): T {
  if (server === undefined) return recording;
  return {
    ...recording,
    record: { ...recording.record, servers: recording.record.servers.filter((name) => name === server) },
    histograms: recording.histograms.filter((line) => line.server === server),
    samples: recording.samples.filter((sample) => sample.name === server),
  };
}
