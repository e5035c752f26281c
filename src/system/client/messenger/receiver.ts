import type { ConversationFrame, Entry } from '../../protocol/frames.ts';
import type { ConversationId, Seq } from '../../protocol/ids.ts';
import type { ClientSession, SessionHandlers } from '../contract.ts';
import type { LocalChange, LocalEntry } from '../local/contract.ts';
import { headOf, keepMembership, keepMessage, keepUnreadable, readContent, searchText } from './content.ts';
import type { MessengerEvents } from './contract.ts';
import type { Core } from './core.ts';
import { keep } from './core.ts';
import { findGap } from './gaps.ts';
import type { Opened } from './sealing.ts';
import { conversationView, itemOf } from './views.ts';

/** Opens what arrives, keeps it, and only then says `stored` to the session and shows it. */
export interface Receiver extends Required<Pick<SessionHandlers, 'conversation' | 'entry' | 'expired'>> {
  /** Entries that have arrived and are not stored. */
  readonly unstored: number;
}

export function createReceiver(core: Core, arrived: (conversation: ConversationId) => void): Receiver {
  const { rooms, sealing, lanes } = core;
  let unstored = 0;

  return {
    conversation,
    entry,
    expired,
    get unstored() {
      return unstored;
    },
  };

  function conversation(frame: ConversationFrame): void {
    const { conversation: id } = frame;
    const session = core.session()!;
    const told = session.told(id);
    lanes.run(id, async () => {
      if (core.isGivenUp(session)) return;
      const changes = rooms.announce(frame, told);
      const step = await sealing.announced(frame);
      if (changes.length === 0 && step.keys.size === 0) return;
      void keep(core, changes, { step, stored: () => stored({ session, id, told, changes }) });
    });
    arrived(id);
  }

  function entry(entry: Entry): void {
    const { conversation: id } = entry;
    const session = core.session()!;
    const told = session.told(id);
    unstored++;
    lanes.run(id, async () => {
      if (core.isGivenUp(session)) return skip();
      const opened = await sealing.open(entry);
      if (opened.kind === 'later') return giveUp(session);
      const content = opened.kind === 'content' ? readContent(opened.content) : null;
      const changes = rooms.take({
        entry: { ...headOf(entry), content: keptContent(entry, opened) },
        change: entry.type === 'membership' ? entry : null,
        told,
        text: content && searchText(content),
        unread: entry.type === 'message' && entry.sender !== core.me().name,
      });
      const done = keep(core, changes, { step: opened, stored: () => stored({ session, id, told, changes }) });
      void done.finally(skip);
    });
    arrived(id);
  }

  function expired(what: MessengerEvents['expired']): void {
    const { conversation: id } = what;
    const session = core.session()!;
    const told = session.told(id);
    lanes.run(id, async () => {
      if (core.isGivenUp(session)) return;
      await sealing.passed(id, what.to);
      const gap = await findGap(core, what);
      const changes = gap.entry === null ? rooms.pass(id, told) : rooms.take({ ...gap, told });
      void keep(core, changes, {
        stored() {
          stored({ session, id, told, changes });
          core.emit('expired', { ...what, missed: gap.missed });
        },
      });
    });
    arrived(id);
  }

  function skip(): void {
    unstored--;
  }

  function giveUp(session: ClientSession): void {
    skip();
    core.giveUp(session);
  }

  function stored({ session, id, told, changes }: Stored): void {
    session.stored(id, told);
    for (const change of changes) if (change.kind === 'entry') show(change.entry);
    if (changes.some(({ kind }) => kind === 'conversation')) showRoom(id);
  }

  function show(kept: LocalEntry): void {
    core.emit('item', itemOf(kept, core.me()));
  }

  function showRoom(id: ConversationId): void {
    const room = rooms.all.get(id);
    if (room) core.emit('conversation', conversationView(room, core.me(), sealing));
  }
}

// ---

interface Stored {
  readonly session: ClientSession;
  readonly id: ConversationId;
  readonly told: Seq;
  readonly changes: readonly LocalChange[];
}

function keptContent(entry: Entry, opened: Exclude<Opened, { kind: 'later' }>): string {
  if (entry.type === 'membership') {
    return keepMembership(opened.kind === 'nothing' && opened.doubt ? { ...entry, doubt: opened.doubt } : entry);
  }
  if (opened.kind === 'content') return keepMessage(opened.content);
  return keepUnreadable(opened.kind === 'unreadable' ? opened.reason : 'There is nothing in it.');
}
