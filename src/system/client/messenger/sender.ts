import type { ErrorCode } from '../../protocol/errors.ts';
import { errors } from '../../protocol/errors.ts';
import type { ClientId, ConversationId, Seq } from '../../protocol/ids.ts';
import { backoffMs } from '../backoff.ts';
import type { ClientSession, SessionHandlers } from '../contract.ts';
import type { LocalChange } from '../local/contract.ts';
import { contentOf, searchText } from './content.ts';
import type { Failure, Outcome } from './contract.ts';
import type { Core } from './core.ts';
import { keep } from './core.ts';
import { ownConversation, ownEntry, ownHead } from './entries.ts';
import type { QueuedOperation } from './queue.ts';
import { keptOperation } from './queue.ts';
import type { KeyChanges, ToSeal } from './sealing.ts';
import { conversationView, itemOf, operationView } from './views.ts';

/**
 * Takes operations from the queue to their answers: sealed when their turn has come and one is online, kept as sealed,
 * handed to the session, and settled in one write with the entry that they have become.
 */
export interface Sender {
  /** What is due goes out. */
  pump(): void;
  /** Hands a new session what may have been sent in an earlier life, before it asks for what was missed. */
  resume(): void;
  readonly handlers: Required<Pick<SessionHandlers, 'accepted' | 'refused'>>;
  /** The session has come further in a conversation: answers that were ahead of it are taken in. */
  arrived(conversation: ConversationId): void;
}

type Accepted = Parameters<Sender['handlers']['accepted']>[0];

/** Waits between attempts to seal anew: the first comes at once. */
const resealBaseMs = 100;
const resealMaxMs = 10_000;

export function createSender(core: Core, isOnline: () => boolean): Sender {
  const { world, journal, rooms, queue, sealing, lanes } = core;
  /** Answers about places that the session has not come to: what others wrote before is taken in first. */
  const early = new Map<ConversationId, Accepted[]>();

  return { pump, resume, handlers: { accepted, refused }, arrived };

  function pump(): void {
    if (!isOnline()) return;
    for (const operation of queue.due()) {
      operation.stage = 'busy';
      lanes.run(operation.conversation, () => transmit(operation));
    }
  }

  function resume(): void {
    early.clear();
    for (const operation of queue.all.values()) {
      if (operation.stage === 'answered') operation.stage = 'busy';
      const wasSent = operation.stage === 'busy' || (operation.stage === 'queued' && operation.sealed !== null);
      if (!wasSent || operation.sealed === null) continue;
      operation.stage = 'busy';
      hand(operation);
    }
  }

  async function transmit(operation: QueuedOperation): Promise<void> {
    if (operation.sealed === null && !(await seal(operation))) return;
    hand(operation);
  }

  /** False when it failed for good. */
  async function seal(operation: QueuedOperation): Promise<boolean> {
    const sealed = await sealing.seal(toSeal(operation)).catch((error: unknown) => reasonOf(error));
    if (typeof sealed === 'string') {
      await fail(operation, { kind: 'failed', code: 'notSealed', reason: sealed });
      return false;
    }
    const { keys, ...wire } = sealed;
    operation.sealed = wire;
    // Without keys that move on, it can as well be sealed anew after a restart.
    if (keys.size > 0) await journal.write([put(operation)], keys);
    return true;
  }

  function hand({ id: clientId, asked, sealed }: QueuedOperation): void {
    const session = core.session();
    if (session !== null && sealed !== null) ask(session, { clientId, asked }, sealed);
  }

  // --- answers

  function accepted(answer: Accepted): void {
    const operation = queue.all.get(answer.clientId);
    if (operation?.stage !== 'busy') return;
    operation.stage = 'answered';
    early.set(answer.conversation, [...(early.get(answer.conversation) ?? []), answer]);
    arrived(answer.conversation);
  }

  function arrived(conversation: ConversationId): void {
    const answers = early.get(conversation);
    const session = core.session();
    if (answers === undefined || session === null) return;
    const upTo = session.cursor(conversation);
    const left = answers.filter(({ seq }) => seq > upTo);
    if (left.length > 0) early.set(conversation, left);
    else early.delete(conversation);
    const told = session.told(conversation);
    for (const answer of answers) if (answer.seq <= upTo) lanes.run(conversation, () => settle(answer, told, session));
  }

  async function settle(answer: Accepted, told: Seq, session: ClientSession): Promise<void> {
    const operation = queue.all.get(answer.clientId);
    if (operation === undefined) return;
    const { conversation, seq, at } = answer;
    const keys = await sealing.accepted(toSeal(operation), { conversation, seq });
    const changes = await becomeEntry(operation, answer, told);
    queue.remove(operation.id);
    const sent: Extract<Outcome, { kind: 'sent' }> = { kind: 'sent', conversation, seq, at };
    const ended: LocalChange = { kind: 'operationEnded', clientId: operation.id };
    void keep(core, [...changes, ended], {
      keys,
      stored() {
        session.stored(conversation, told);
        operation.outcome.resolve(sent);
        core.emit('operation', operationView(operation, sent));
        tell(changes);
        core.emitState();
        pump();
      },
    });
  }

  async function becomeEntry(
    { asked, id }: QueuedOperation,
    answer: Accepted,
    told: Seq,
  ): Promise<readonly LocalChange[]> {
    const me = core.me();
    const room = rooms.all.get(answer.conversation);
    if (asked.op === 'openDirect' && room && (await isKept(answer))) return [];
    const head = ownHead(answer, { me: me.name, device: me.device, clientId: id });
    const { entry, change } = ownEntry({ asked, head, room });
    const made = ownConversation(asked, { id: answer.conversation, me: me.name, seq: answer.seq });
    return [
      ...(made ? rooms.found(made) : []),
      ...rooms.take({ entry, change, told, text: searchText(contentOf(entry)), unread: false }),
    ];
  }

  /** Whether the entry that opened a conversation is known: it may be the other's. */
  async function isKept({ conversation, seq }: Accepted): Promise<boolean> {
    await journal.flush();
    const [entry] = await core.database.page({ conversation, after: (seq - 1) as Seq, limit: 1 });
    return entry?.seq === seq;
  }

  function tell(changes: readonly LocalChange[]): void {
    for (const change of changes) {
      if (change.kind === 'entry') core.emit('item', itemOf(change.entry, core.me()));
      if (change.kind === 'conversation') {
        const room = rooms.all.get(change.conversation.id);
        if (room) core.emit('conversation', conversationView(room, core.me()));
      }
    }
  }

  function refused({ clientId, code, detail }: { clientId: ClientId; code: ErrorCode; detail?: string }): void {
    const operation = queue.all.get(clientId);
    if (operation?.stage !== 'busy') return;
    operation.stage = 'answered';
    lanes.run(operation.conversation, async () => {
      const { again, keys } = await sealing.refused(toSeal(operation), code);
      if (again) await sealAnew(operation, keys);
      else await fail(operation, { kind: 'failed', code, reason: detail ?? errors[code].meaning }, keys);
    });
  }

  async function sealAnew(operation: QueuedOperation, keys: KeyChanges): Promise<void> {
    operation.sealed = null;
    await journal.write([put(operation)], keys);
    const failures = operation.attempts++;
    const again = () => {
      operation.stage = 'queued';
      pump();
    };
    if (failures === 0) return again();
    const delayMs = backoffMs({ failures, baseMs: resealBaseMs, maxMs: resealMaxMs, random: world.random });
    world.clock.after(delayMs, again);
  }

  async function fail(operation: QueuedOperation, failure: Failure, keys?: KeyChanges): Promise<void> {
    operation.failure = failure;
    operation.sealed = null;
    operation.stage = 'failed';
    await keep(core, [put(operation)], {
      ...(keys ? { keys } : {}),
      stored() {
        operation.outcome.resolve(failure);
        core.emit('operation', operationView(operation));
        core.emitState();
        pump();
      },
    });
  }
}

// ---

function toSeal({ id: clientId, asked }: QueuedOperation): ToSeal {
  return { clientId, asked };
}

function put(operation: QueuedOperation): LocalChange {
  return { kind: 'operation', operation: keptOperation(operation) };
}

/** An operation that waits in the session already is not asked for twice. */
function ask(session: ClientSession, { clientId, asked }: ToSeal, wire: NonNullable<QueuedOperation['sealed']>): void {
  const options = { clientId, ...(wire.change && { keys: wire.change }) };
  switch (asked.op) {
    case 'send':
      session.send(asked.conversation, wire.payload ?? '', wire.epoch ?? 0, { clientId });
      return;
    case 'openDirect':
      session.openDirect(asked.with, options);
      return;
    case 'createGroup':
      session.createGroup(asked.title, asked.users, options);
      return;
    case 'invite':
    case 'remove':
      session[asked.op](asked.conversation, asked.users, options);
      return;
    case 'leave':
      session.leave(asked.conversation, { clientId });
      return;
    default:
      asked satisfies never;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
