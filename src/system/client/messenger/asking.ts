import { Problem } from '../../problem.ts';
import { userName } from '../../protocol/frames.ts';
import type { ConversationId, UserName } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { LocalChange } from '../local/contract.ts';
import type { AskedByUser } from './asked.ts';
import { writeText } from './content.ts';
import type { Asked, LocalId, Messenger, SendOptions } from './contract.ts';
import type { Core } from './core.ts';
import { inLane } from './lanes.ts';
import type { Marks } from './marks.ts';
import type { UserOperation } from './queue.ts';
import { isOfUser, keptOperation } from './queue.ts';
import type { Reading } from './reading.ts';
import { operationView } from './views.ts';

type Asking = Pick<
  Messenger,
  'send' | 'openDirect' | 'createGroup' | 'invite' | 'remove' | 'leave' | 'retry' | 'discard' | 'waiting' | 'saved'
> & {
  /** Asks for a message whose content is written. `saved`: when it is on the disk. */
  sendContent(conversation: ConversationId, content: string): Saving;
};

type Saving = Asked & { readonly saved: Promise<void> };

interface Parts {
  pump(): void;
  readonly reading: Reading;
  readonly marks: Marks;
  checkOpen(): void;
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

/** Takes what the user asks for into the queue, and onto the disk before anything of it is sent. */
export function createAsking(core: Core, { pump, reading, marks, checkOpen }: Parts): Asking {
  const { world, journal, queue, lanes } = core;
  const saving = new Set<Promise<void>>();

  return {
    send(conversation, text, options = {}) {
      reading.known(conversation);
      const content = writeText(text);
      checkText(text, content, core.sealing.contentBytesMax);
      return ask({ op: 'send', conversation, content }, options);
    },
    sendContent: (conversation, content) => begin({ op: 'send', conversation, content }),
    openDirect: (user) => ask({ op: 'openDirect', with: nameOf(user) }),
    createGroup(title, users = []) {
      checkTitle(title);
      return ask({ op: 'createGroup', title, users: users.length === 0 ? [] : namesOf(users) });
    },
    invite: (conversation, users) => ask({ op: 'invite', conversation, users: namesOf(users) }),
    remove: (conversation, users) => ask({ op: 'remove', conversation, users: namesOf(users) }),
    leave: (conversation) => ask({ op: 'leave', conversation }),
    retry(id) {
      const failed = failedOf(id);
      const { at: _, ...asked } = failed.asked;
      const again = ask(asked, {}, [{ kind: 'operationEnded', clientId: id }]);
      queue.remove(id);
      return again;
    },
    async discard(id) {
      failedOf(id);
      queue.remove(id);
      core.emitState();
      await journal.write([{ kind: 'operationEnded', clientId: id }]);
    },
    waiting: (conversation) =>
      [...queue.all.values()]
        .filter(isOfUser)
        .filter((operation) => conversation === undefined || operation.conversation === conversation)
        .map((operation) => operationView(operation)),
    async saved() {
      await Promise.all(saving);
    },
  };

  function ask(...asked: Parameters<typeof begin>): Asked {
    const { id, outcome } = begin(...asked);
    return { id, outcome };
  }

  function begin(
    asked: WithoutTime<AskedByUser>,
    { readUpTo }: SendOptions = {},
    also: readonly LocalChange[] = [],
  ): Saving {
    checkOpen();
    if ('conversation' in asked) reading.known(asked.conversation);
    const operation = queue.add({ ...asked, at: world.clock.wall() }) as UserOperation;
    const { conversation } = operation;
    const saved =
      readUpTo === undefined || conversation === null
        ? save(operation, also)
        : inLane(lanes, conversation, async () =>
            save(operation, [...also, ...(await reading.readChanges(conversation, readUpTo))]),
          ).then(() => marks.sayRead(conversation));
    saving.add(saved);
    saved.catch(() => {}).finally(() => saving.delete(saved));
    return { id: operation.id, outcome: operation.outcome.promise, saved };
  }

  async function save(operation: UserOperation, also: readonly LocalChange[]): Promise<void> {
    await journal.write([
      ...also,
      { kind: 'operation', operation: keptOperation(operation) },
      { kind: 'nextClientId', nextClientId: queue.nextId },
    ]);
    operation.stage = 'queued';
    core.emit('operation', operationView(operation));
    core.emitState();
    pump();
  }

  function failedOf(id: LocalId): UserOperation {
    checkOpen();
    const operation = queue.all.get(id);
    if (operation?.stage === 'failed' && isOfUser(operation)) return operation;
    throw new Problem(`Operation ${id} is not one that failed; waiting() lists those that did.`);
  }
}

// ---

function checkText(text: string, content: string, bytesMax: number): void {
  if (text === '') throw new Problem('The message is empty; write something.');
  const bytes = new TextEncoder().encode(content).length;
  if (bytes > bytesMax) {
    throw new Problem(`The message takes ${bytes} bytes, more than ${bytesMax}; send it in several parts.`);
  }
}

function checkTitle(title: string): void {
  if (title.length >= 1 && title.length <= limits.groupTitleCharsMax) return;
  throw new Problem(
    `The title of a group has 1 to ${limits.groupTitleCharsMax} characters, this one ${title.length}; choose another.`,
  );
}

/** Throws a `Problem` when it is no name. */
export function nameOf(user: string): UserName {
  const read = userName.safeParse(user);
  if (read.success) return read.data;
  throw new Problem(
    `"${user}" is no name of a user; names have 1 to ${limits.nameCharsMax} letters and digits, and . _ - between them.`,
  );
}

function namesOf(users: readonly string[]): readonly UserName[] {
  const names = users.map(nameOf);
  const distinct = new Set(names.map((name) => name.toLowerCase())).size;
  if (distinct === names.length && distinct >= 1 && distinct <= limits.usersPerChangeMax) return names;
  throw new Problem(
    `One operation names 1 to ${limits.usersPerChangeMax} different users, this one ${names.length} (${distinct} different); split it.`,
  );
}
