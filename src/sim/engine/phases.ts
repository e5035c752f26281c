/** Phases of a run, marked in its record and its history. */
import { type HistorySink, laboratory, type Phase } from '../../metrics/index.ts';
import type { ClusterSpec, Scenario } from '../scenario.ts';
import type { RecordDraft } from './record-draft.ts';

export interface PhaseOrder {
  readonly name: Phase['name'];
  readonly draft: RecordDraft;
  readonly history: HistorySink;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Marks the phase in the record and the history; ends early, by the signal's reason, when the run is given up. */
export async function withPhase<T>(order: PhaseOrder, work: () => Promise<T>): Promise<T> {
  const { name, draft, history, now, signal } = order;
  signal.throwIfAborted();
  const fromMs = now();
  draft.begin(name);
  markPhase(history, fromMs, name);
  let giveUp = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    draft.end({ name, fromMs, toMs: now() });
  }
}

/** Tells the checks after how long messages may be gone, when servers were told so. */
export function markExpiry(history: HistorySink, t: number, server: ClusterSpec['server']): void {
  const { expiryMs } = server;
  if (expiryMs === undefined) return;
  history.add({ ...signpost, t, op: 'expired', detail: String(expiryMs) });
}

/** Tells the checks by what users encrypt; nothing when they do not. */
export function markEncryption(history: HistorySink, t: number, encryption: Scenario['encryption']): void {
  if (encryption !== 'none') history.add({ ...signpost, t, op: 'encryption', detail: encryption });
}

/** A signpost in the history; `end` says that everybody was still there. */
export function markPhase(history: HistorySink, t: number, phase: Phase['name'] | 'end'): void {
  history.add({ ...signpost, t, op: 'phase', detail: phase });
}

// ---

const signpost = {
  actor: laboratory,
  session: 0,
  kind: 'mark',
  conversation: 0,
  seq: 0,
  clientId: 0,
  peer: -1,
} as const;
