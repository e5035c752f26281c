import type { Bus } from '../../database/bus.ts';
import type { Interest, NewsSignal, PresenceSignal } from '../../database/signal.ts';
import type { Ms } from '../../ports.ts';
import type { Seq, ServerId, UserId } from '../../protocol/ids.ts';
import type { Ground } from '../ground.ts';
import { createPacer } from './pacer.ts';
import type { Tally } from './tally.ts';

/**
 * News from and for other servers. Nothing goes out that no other server has asked for, so ephemeral news cost nothing
 * where no client wants them; what goes out is gathered for a window, one signal for each subject.
 */
export interface Signals {
  /** Tells the others what is wanted here, and hears what they want. */
  start(): void;
  /** A session that wants this has come (1) or gone (-1). */
  ask(interest: Interest, by: 1 | -1): void;
  /** Whether another server wants it. */
  isWanted(interest: Interest): boolean;
  send(signal: AboutMember): void;
  /** These users came or went. */
  sendPresence(users: readonly UserId[]): void;
  /** Signals that wait for the end of the window. */
  readonly waiting: number;
}

type AboutMember = Exclude<NewsSignal, PresenceSignal>;

interface Parts {
  readonly bus: Bus;
  readonly tally: Tally;
  receive(signal: NewsSignal): void;
}

export function createSignals(ground: Ground, { bus, tally, receive }: Parts): Signals {
  const { clock, settings } = ground;
  const asked = new Map<Interest, number>();
  /** What other servers want, and until when that is believed. */
  const others = new Map<ServerId, { readonly wants: readonly Interest[]; readonly until: Ms }>();
  const waiting = new Map<string, AboutMember>();
  const presence = new Set<UserId>();
  const pacer = createPacer(clock, settings.ephemeralWindowMs, flush);

  return {
    start() {
      bus.onSignals((signals) => {
        for (const signal of signals) {
          if (signal.kind === 'interest') heardInterest(signal.server, signal.wants);
          else receive(signal);
        }
      });
      announce();
      announceLater();
    },
    ask(interest, by) {
      const before = asked.get(interest) ?? 0;
      asked.set(interest, before + by);
      if (before === 0 || before + by === 0) announce();
    },
    isWanted,
    send,
    sendPresence,
    get waiting() {
      return waiting.size + presence.size;
    },
  };

  // --- interest

  function wants(): readonly Interest[] {
    return [...asked].flatMap(([interest, count]) => (count > 0 ? [interest] : []));
  }

  function announce(): void {
    bus.signal([{ kind: 'interest', server: settings.server, wants: wants() }]);
  }

  function announceLater(): void {
    clock.after(announceEveryMs, () => {
      if (wants().length > 0) announce();
      announceLater();
    });
  }

  function heardInterest(server: ServerId, wants: readonly Interest[]): void {
    const isNew = !others.has(server);
    others.set(server, { wants, until: clock.now() + believedMs });
    // Whoever has just started knows nothing of this server yet.
    if (isNew) announce();
  }

  function isWanted(interest: Interest): boolean {
    const now = clock.now();
    for (const { wants, until } of others.values()) if (until > now && wants.includes(interest)) return true;
    return false;
  }

  // --- what goes out

  function send(signal: AboutMember): void {
    const key = keyOf(signal);
    const before = waiting.get(key);
    if (before !== undefined) tally.coalesced++;
    else if (waiting.size + presence.size >= settings.ephemeralQueueMax && !givePresenceUp()) {
      tally.dropped++;
      return;
    }
    waiting.set(key, before === undefined ? signal : merge(before, signal));
    pacer.wake();
  }

  function sendPresence(users: readonly UserId[]): void {
    for (const user of users) {
      if (presence.has(user)) tally.coalesced++;
      else if (waiting.size + presence.size >= settings.ephemeralQueueMax) tally.dropped++;
      else presence.add(user);
    }
    pacer.wake();
  }

  /** Others look into the store now and then, so that nobody is wrong about presence for long. */
  function givePresenceUp(): boolean {
    const some = presence.size > 0;
    tally.dropped += presence.size;
    presence.clear();
    return some;
  }

  function flush(): void {
    const users = [...presence];
    const aboutPresence: PresenceSignal[] = [];
    for (let i = 0; i < users.length; i += usersPerSignal) {
      aboutPresence.push({ kind: 'presence', users: users.slice(i, i + usersPerSignal) });
    }
    bus.signal([...waiting.values(), ...aboutPresence]);
    waiting.clear();
    presence.clear();
  }
}

// ---

/** How often a server repeats what it wants. */
const announceEveryMs = 5_000;
/** So that a signal fits into a notification of PostgreSQL. */
const usersPerSignal = 400;
/** A server that was not heard of for so long wants nothing any more. */
const believedMs = 3 * announceEveryMs;

function keyOf({ kind, conversation, user }: AboutMember): string {
  return `${kind} ${conversation} ${user}`;
}

function merge(one: AboutMember, other: AboutMember): AboutMember {
  const at = Math.max(one.at, other.at) as Seq;
  if (one.kind === 'typing' || other.kind === 'typing') return { ...other, at };
  const delivered = Math.max(one.delivered, other.delivered) as Seq;
  return { ...other, at, delivered, read: Math.max(one.read, other.read) as Seq };
}
