/** The record of a run while it grows: `run.json` is written from it at the start and at the end. */
import type { EndedEarly, FaultRecord, LossRecord, Phase, RunRecord, StartRecord } from '../../metrics/index.ts';
import { machineOf, notesOf, startInWords, versionsOf } from './record.ts';
import type { RunOrder, RunProgress } from './run.ts';

export interface RecordDraft {
  record(): RunRecord;
  phase(): RunProgress['phase'];
  begin(name: Phase['name']): void;
  end(phase: Phase): void;
  servers(names: readonly string[]): void;
  faults(faults: readonly FaultRecord[]): void;
  losses(losses: readonly LossRecord[]): void;
  started(start: StartRecord): void;
  /** One more thing that a reader must know. */
  note(words: string): void;
  /** A threshold has cut the measure phase short. */
  endedEarly(by: EndedEarly): void;
  complete(): void;
  abort(error: unknown): void;
}

export function createRecord(order: RunOrder, hash: string): RecordDraft {
  const { scenario, seed, backend } = order;
  let now: RunProgress['phase'] = 'start';
  let record: RunRecord = {
    schema: 1,
    id: order.id,
    scenario: { name: scenario.name, description: scenario.description },
    resolved: scenario,
    seed,
    traceHash: hash,
    backend: backend.name,
    strategy: scenario.cluster.strategy,
    mode: scenario.cluster.mode,
    encryption: scenario.encryption,
    startedAt: new Date().toISOString(),
    complete: false,
    aborted: null,
    versions: versionsOf(),
    machine: machineOf(),
    phases: [],
    faults: [],
    servers: [],
    again: order.again,
    notes: notesOf(scenario, backend.name),
  };
  return {
    record: () => record,
    phase: () => now,
    begin(name) {
      now = name;
    },
    end(phase) {
      record = { ...record, phases: [...record.phases, phase] };
    },
    servers(names) {
      record = { ...record, servers: names };
    },
    faults(faults) {
      record = { ...record, faults };
    },
    losses(losses) {
      if (losses.length > 0) record = { ...record, losses };
    },
    started(start) {
      record = { ...record, start, notes: [...record.notes, startInWords(start)] };
    },
    note(words) {
      record = { ...record, notes: [...record.notes, words] };
    },
    endedEarly(by) {
      record = { ...record, endedEarly: by };
    },
    complete() {
      record = { ...record, complete: true };
    },
    abort(error) {
      record = { ...record, aborted: error instanceof Error ? error.message : String(error) };
    },
  };
}
