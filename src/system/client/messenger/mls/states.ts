import type { ClientId, ConversationId } from '../../../protocol/ids.ts';
import type { Encryption, Group, Step } from '../../encryption/index.ts';
import type { KeyStates } from '../sealing.ts';
import type { Ledger } from './ledger.ts';
import type { Turn } from './turn.ts';

/**
 * Groups and ledgers by conversation, and groups that count only once an operation is accepted, by its id. The states of
 * keys are the truth; a few of them are held here as values, so that not each message has to read them.
 */
export interface States {
  load(): Promise<void>;
  isEncrypted(conversation: ConversationId): boolean;
  /** All conversations that are. */
  encrypted(): readonly ConversationId[];
  ledger(conversation: ConversationId): Promise<Ledger | null>;
  putLedger(turn: Turn, conversation: ConversationId, ledger: Ledger | null): void;
  group(conversation: ConversationId): Promise<Group | null>;
  putGroup(turn: Turn, conversation: ConversationId, step: Step): void;
  /** Wipes it. */
  dropGroup(turn: Turn, conversation: ConversationId): Promise<void>;
  putMade(turn: Turn, operation: ClientId, step: Step): void;
  /** Takes out what was made for an operation. */
  takeMade(turn: Turn, operation: ClientId): Promise<Group | null>;
}

/** Values that are held: enough for those whose conversations are busy at the same time. */
const groupsMax = 32;
const ledgersMax = 1024;

export function createStates(encryption: Encryption, keys: KeyStates): States {
  const groups = createHeld<Group>(groupsMax, (bytes) => encryption.importGroup(bytes));
  const ledgers = createHeld<Ledger>(ledgersMax, (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Ledger);
  const encrypted = new Set<string>();

  return {
    async load() {
      for (const name of await keys.names(ledgerPrefix)) encrypted.add(name);
    },
    isEncrypted: (conversation) => encrypted.has(ledgerPrefix + conversation),
    encrypted: () => [...encrypted].map((name) => Number(name.slice(ledgerPrefix.length)) as ConversationId),
    ledger: (conversation) => ledgers.get(ledgerPrefix + conversation),
    putLedger(turn, conversation, ledger) {
      const name = ledgerPrefix + conversation;
      ledgers.set(turn, name, ledger);
      turn.keys.set(name, ledger && new TextEncoder().encode(JSON.stringify(ledger)));
      if (ledger) encrypted.add(name);
      else encrypted.delete(name);
    },
    group: (conversation) => groups.get(groupPrefix + conversation),
    putGroup: (turn, conversation, step) => put(turn, groupPrefix + conversation, step),
    async dropGroup(turn, conversation) {
      await take(turn, groupPrefix + conversation, (group) => turn.spend({ wipe: () => encryption.discard(group) }));
    },
    putMade: (turn, operation, step) => put(turn, madePrefix + operation, step),
    takeMade: (turn, operation) => take(turn, madePrefix + operation),
  };

  function put(turn: Turn, name: string, step: Step): void {
    groups.set(turn, name, step.group);
    turn.keys.set(name, encryption.exportGroup(step.group));
    turn.spend(step);
  }

  async function take(turn: Turn, name: string, taken: (group: Group) => void = () => {}): Promise<Group | null> {
    const group = await groups.get(name);
    if (group === null) return null;
    groups.set(turn, name, null);
    turn.keys.set(name, null);
    taken(group);
    return group;
  }

  /** The values last used, each by its name, and all that are not stored yet: of those the states of keys know nothing. */
  function createHeld<T>(max: number, read: (bytes: Uint8Array) => T) {
    const held = new Map<string, T | null>();
    /** How many turns that are not stored have set each. */
    const unstored = new Map<string, number>();

    return {
      async get(name: string): Promise<T | null> {
        const bytes = held.has(name) ? null : await keys.get(name);
        // It may have been set meanwhile.
        const value = held.has(name) ? held.get(name)! : bytes && read(bytes);
        hold(name, value);
        return value;
      },
      set(turn: Turn, name: string, value: T | null): void {
        unstored.set(name, (unstored.get(name) ?? 0) + 1);
        turn.spend({ wipe: () => release(name) });
        hold(name, value);
      },
    };

    function hold(name: string, value: T | null): void {
      held.delete(name);
      held.set(name, value);
      forget();
    }

    function release(name: string): void {
      const left = unstored.get(name)! - 1;
      if (left > 0) unstored.set(name, left);
      else unstored.delete(name);
      forget();
    }

    function forget(): void {
      if (held.size <= max + unstored.size) return;
      for (const name of held.keys()) {
        if (held.size <= max + unstored.size) return;
        if (!unstored.has(name)) held.delete(name);
      }
    }
  }
}

// ---

const ledgerPrefix = 'mls/ledger/';
const groupPrefix = 'mls/group/';
const madePrefix = 'mls/made/';
