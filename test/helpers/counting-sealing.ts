import type {
  KeyChanges,
  KeyStates,
  Opened,
  Sealing,
  SealingContext,
} from '../../src/system/client/messenger/sealing.ts';
import { createPlainSealing, noStep } from '../../src/system/client/messenger/sealing.ts';
import type { ClientFrame } from '../../src/system/protocol/frames.ts';

/** What a sealing with a state noticed that must never happen. */
export interface SealingRecord {
  /** Numbers that were opened twice, or that came before an earlier one. */
  readonly repeated: string[];
}

/**
 * A sealing whose state moves on with each message, as keys do: a message is sealed under the next number of its device
 * and conversation, and opened once only, in order. It notices when one is opened twice. Others may change
 * the epoch; what was sealed in an earlier one is sealed anew.
 */
export function createCountingSealing(record: SealingRecord): (context: SealingContext) => Sealing {
  const plain = createPlainSealing();

  return ({ keys }) => ({
    ...plain,
    name: 'counting',
    async seal(operation) {
      const { asked } = operation;
      const sealed = await plain.seal(operation);
      if (asked.op !== 'send' || sealed.kind !== 'sealed') return sealed;
      const name = `sent/${asked.conversation}`;
      const number = (await read(keys, name)) + 1;
      const epoch = await read(keys, `epoch/${asked.conversation}`);
      const payload = `${String(number).padStart(8, '0')}${sealed.wire.payload}`;
      return { kind: 'sealed', wire: { epoch, payload }, keys: change(name, number) };
    },
    announced: async ({ conversation, epoch }) => ({ keys: change(`epoch/${conversation}`, epoch) }),
    refused: async (_, code) => ({ again: code === 'staleEpoch', ...noStep }),
    async open(entry): Promise<Opened> {
      if (entry.type === 'membership') {
        const keysNow = entry.keys ? change(`epoch/${entry.conversation}`, entry.keys.epoch) : noStep.keys;
        return { kind: 'nothing', keys: keysNow };
      }
      const name = `opened/${entry.conversation}/${entry.device}`;
      const number = Number(entry.payload.slice(0, 8));
      if (number <= (await read(keys, name))) record.repeated.push(`${name}: ${number}`);
      const opened = await plain.open({ ...entry, epoch: 0, payload: entry.payload.slice(8) });
      if (opened.kind === 'later') return opened;
      return { ...opened, keys: change(name, number) };
    },
  });
}

/** Hears what a device sends; answers the numbers that it used for two different messages. */
export function createReuseWatch(): { hear(frame: ClientFrame): void; readonly reused: readonly string[] } {
  const used = new Map<string, string>();
  const reused: string[] = [];
  return {
    reused,
    hear(frame) {
      if (frame.type !== 'send') return;
      const key = `${frame.conversation}/${frame.payload.slice(0, 8)}`;
      const message = `${frame.clientId}/${frame.payload}`;
      if (used.has(key) && used.get(key) !== message) reused.push(key);
      used.set(key, message);
    },
  };
}

// ---

async function read(keys: KeyStates, name: string): Promise<number> {
  const bytes = await keys.get(name);
  return bytes === null ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function change(name: string, number: number): KeyChanges {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return new Map([[name, bytes]]);
}
