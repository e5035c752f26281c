import type { ErrorCode } from '../../protocol/errors.ts';
import { errors } from '../../protocol/errors.ts';
import type { ClientId, ConversationId, Seq } from '../../protocol/ids.ts';
import { backoffMs } from '../backoff.ts';
import type { ClientSession, SessionHandlers } from '../contract.ts';
import type { LocalChange } from '../local/contract.ts';
import { contentOf, searchText } from './content.ts';
import type { Failure, Outcome } from './contract.ts';
import type { Core } from './core.ts';
import { keep, write } from './core.ts';
import { ownConversation, ownEntry, ownHead } from './entries.ts';
import { handTo } from './handing.ts';
import type { QueuedOperation } from './queue.ts';
import { isOfUser, keptOperation } from './queue.ts';
import { createRekeying } from './rekeying.ts';
import type { KeyStep, ToSeal } from './sealing.ts';
import { Unsealable } from './sealing.ts';
import { conversationView, itemOf, operationView } from './views.ts';

/**
 * Takes operations from the queue to their answers: sealed when their turn has come and one is online, kept as sealed,
 * handed to the session, and settled in one write with the entry that they have become.
 */
export interface Sender {
  /** What is due goes out. */
  pump(): void;
  /** The keys of a conversation are to be changed when there is time. */
  want(conversation: ConversationId): void;
  /** The messenger goes offline. */
  rest(): void;
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

/** How often one operation waits for a change of keys. */
const rekeysMax = 20;

export function createSender(core: Core, isOnline: () => boolean): Sender {
  const { world, journal, rooms, queue, sealing, lanes } = core;
  /** Answers about places that the session has not come to: what others wrote before is taken in first. */
  const early = new Map<ConversationId, Accepted[]>();
  const rekeying = createRekeying(core, { isOnline, pump });

  return { want: rekeying.want, rest: rekeying.rest, pump, resume, handlers: { accepted, refused }, arrived };

  function pump(): void {
    if (!isOnline()) return;
    rekeying.fill();
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

  /** False when it cannot go out now, or for good. */
  async function seal(operation: QueuedOperation): Promise<boolean> {
    const sealed = await sealing.seal(toSeal(operation)).catch((error: unknown) => failureOf(error));
    switch (sealed.kind) {
      case 'sealed':
        operation.sealed = sealed.wire;
        // Without keys that move on, it can as well be sealed anew after a restart.
        if (sealed.keys.size > 0) await write(journal, [put(operation), nextId()], sealed);
        return true;
      case 'failed':
        await fail(operation, sealed);
        return false;
      case 'moot':
        await end(operation);
        return false;
      case 'rekeyFirst':
        await rekeyFirst(operation);
        return false;
      case 'later':
        postpone(operation);
        return false;
    }
  }

  async function rekeyFirst(operation: QueuedOperation): Promise<void> {
    if (++operation.rekeys > rekeysMax) {
      const reason = 'The members of this conversation have not agreed on its keys; try again later.';
      return fail(operation, { kind: 'failed', code: 'notSealed', reason });
    }
    operation.stage = 'queued';
    rekeying.add(operation.conversation!);
  }

  function hand({ id: clientId, asked, sealed }: QueuedOperation): void {
    const session = core.session();
    if (session !== null && sealed !== null) handTo(session, { clientId, asked }, sealed);
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
    if (core.isGivenUp(session)) return;
    const { conversation, seq, at } = answer;
    const step = await sealing.accepted({ ...toSeal(operation), wire: operation.sealed ?? {} }, { conversation, seq });
    const changes = await becomeEntry(operation, answer, told);
    queue.remove(operation.id);
    const sent: Extract<Outcome, { kind: 'sent' }> = { kind: 'sent', conversation, seq, at };
    const ended: LocalChange = { kind: 'operationEnded', clientId: operation.id };
    if (!isOfUser(operation)) rekeying.ended(conversation);
    void keep(core, [...changes, ended], {
      step,
      stored() {
        session.stored(conversation, told);
        operation.outcome.resolve(sent);
        show(operation, sent);
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
        if (room) core.emit('conversation', conversationView(room, core.me(), sealing));
      }
    }
  }

  function refused({ clientId, code, detail }: { clientId: ClientId; code: ErrorCode; detail?: string }): void {
    const operation = queue.all.get(clientId);
    if (operation?.stage !== 'busy') return;
    operation.stage = 'answered';
    lanes.run(operation.conversation, async () => {
      const refusal = await sealing.refused(toSeal(operation), code);
      if (refusal.again) await sealAnew(operation, refusal);
      else await fail(operation, { kind: 'failed', code, reason: detail ?? errors[code].meaning }, refusal);
    });
  }

  async function sealAnew(operation: QueuedOperation, step: KeyStep): Promise<void> {
    operation.sealed = null;
    await write(journal, [put(operation)], step);
    postpone(operation);
  }

  /** The first further attempt comes at once. */
  function postpone(operation: QueuedOperation): void {
    const failures = operation.attempts++;
    const delayMs = backoffMs({ failures, baseMs: resealBaseMs, maxMs: resealMaxMs, random: world.random });
    const again = () => {
      operation.stage = 'queued';
      pump();
    };
    if (failures === 0) again();
    else world.clock.after(delayMs, again);
  }

  async function fail(operation: QueuedOperation, failure: Failure, step?: KeyStep): Promise<void> {
    if (!isOfUser(operation)) return failRekey(operation, failure, step);
    operation.failure = failure;
    operation.sealed = null;
    operation.stage = 'failed';
    await keep(core, [put(operation)], {
      ...(step ? { step } : {}),
      stored() {
        operation.outcome.resolve(failure);
        show(operation);
        core.emitState();
        pump();
      },
    });
  }

  /** What hinders a change of keys hinders the operation that waits for it. */
  async function failRekey(operation: QueuedOperation, failure: Failure, step?: KeyStep): Promise<void> {
    const { conversation } = operation;
    rekeying.ended(conversation!);
    const hindered = [...queue.all.values()].find(
      (one) => one.conversation === conversation && one.stage === 'queued' && one.rekeys > 0,
    );
    if (hindered) hindered.stage = 'busy';
    await end(operation, step);
    if (hindered) await fail(hindered, failure);
  }

  /** It is over and leaves nothing behind. */
  async function end(operation: QueuedOperation, step?: KeyStep): Promise<void> {
    queue.remove(operation.id);
    const ended: LocalChange = { kind: 'operationEnded', clientId: operation.id };
    await keep(core, [ended], { ...(step ? { step } : {}), stored: pump });
  }

  function show(operation: QueuedOperation, sent?: Extract<Outcome, { kind: 'sent' }>): void {
    if (isOfUser(operation)) core.emit('operation', operationView(operation, sent));
  }

  function nextId(): LocalChange {
    return { kind: 'nextClientId', nextClientId: queue.nextId };
  }
}

// ---

function toSeal({ id: clientId, asked }: QueuedOperation): ToSeal {
  return { clientId, asked };
}

function put(operation: QueuedOperation): LocalChange {
  return { kind: 'operation', operation: keptOperation(operation) };
}

function failureOf(error: unknown): Failure {
  const code = error instanceof Unsealable ? error.code : 'notSealed';
  return { kind: 'failed', code, reason: error instanceof Error ? error.message : String(error) };
}
