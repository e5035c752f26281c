import { checks, isCheckName } from '../../../src/metrics/checks/index.ts';
import {
  createMemoryHistory,
  type EventKind,
  type EventOp,
  judge,
  laboratory,
  type MemoryHistory,
  type Verdict,
} from '../../../src/metrics/index.ts';
import { readStored } from '../../../src/sim/backends/processes/stored.ts';
import { recordUser, type UserRecord } from '../../../src/sim/users/record.ts';
import {
  type ClientSession,
  type ConversationId,
  createSeededRandom,
  createSession,
  signIn,
  signUp,
  type UserName,
} from '../../../src/system/index.ts';
import { createSystemClock, createWsTransport } from '../../../src/system/node.ts';
import { queryDatabase, silentLog } from '../postgres.ts';
import type { CrashCluster } from './cluster.ts';

/** People of one group who write all the time, and one whom the admin invites and removes all the time. */
export interface Chatter {
  readonly sessions: readonly ClientSession[];
  /** Operations that have been answered for good. */
  readonly answered: number;
  /** Connections that ended although their users wanted them. */
  readonly disconnects: number;
  /** The server of the admin; it has others too, and so has another server. */
  home(): Promise<string>;
  /** Notes an act of the test. */
  disturbed(what: string): void;
  /** Resolves when so many more operations were answered for good. */
  progress(operations?: number): Promise<void>;
  /** Nobody begins anything new; resolves when everybody is there, all is answered and nothing more happens. */
  settle(): Promise<void>;
  /** After `settle`: everybody leaves, and all is judged. Answers what is wrong, one sentence each. */
  judge(): Promise<readonly string[]>;
}

/** `tag` begins the names, so that several can follow each other on one cluster. */
export async function startChatter(cluster: CrashCluster, tag: string): Promise<Chatter> {
  const startMs = clock.now();
  const history = createMemoryHistory();
  const transport = createWsTransport({ origin: cluster.origin, requestMs: 5000 });
  const random = createSeededRandom(1);
  let answered = 0;
  let disconnects = 0;
  let group: ConversationId | null = null;

  const actorOf = (name: string): number => (name.startsWith(tag) ? Number(name.slice(tag.length)) : -1);
  const records: UserRecord[] = [];
  const join = async (index: number): Promise<ClientSession> => {
    const account = { name: `${tag}${index}`, password: 'correct horse' };
    await signUp(transport, account);
    const signedIn = await signIn(transport, { ...account, device: 'test' });
    if (signedIn.kind !== 'ok') throw new Error(`${account.name} could not sign in: ${JSON.stringify(signedIn)}`);
    const record = recordUser({
      actor: index,
      actorOf,
      clock,
      startMs,
      sink: history,
      observer: {
        accepted: (_, { op, conversation }) => {
          answered++;
          if (op === 'createGroup') group = conversation as ConversationId;
        },
        refused: () => answered++,
        disconnected: () => disconnects++,
      },
    });
    records.push(record);
    const { token, device } = signedIn.value;
    const settings = { token, device, backoffBaseMs: 10, backoffMaxMs: 150, ackDelayMs: 5 };
    const session = createSession(
      { clock, random: random.fork(account.name), log: silentLog, transport },
      settings,
      record,
    );
    session.start();
    return session;
  };
  const sessions = await Promise.all(Array.from({ length: members + 1 }, (_, index) => join(index)));
  const [admin] = sessions;
  admin!.createGroup('everybody');
  await until(() => group !== null, 'there is a group');
  for (let index = 1; index < members; index++) admin!.invite(group!, [nameOf(tag, index)]);
  await until(() => answered === members, 'everybody is invited');
  const talk = startTalk(sessions, { group: group!, guest: nameOf(tag, members) });

  const settled = () => sessions.every(({ state, pending }) => state === 'online' && pending === 0);
  const note = (kind: EventKind, op: EventOp, detail: string) =>
    history.add({ ...blank, t: clock.now() - startMs, kind, op, detail });
  return {
    sessions,
    get answered() {
      return answered;
    },
    get disconnects() {
      return disconnects;
    },
    async home() {
      // A server that has just come back gets nobody until the balancer has found it.
      for (let attempt = 1; !isSpread(sessions); attempt++) {
        if (attempt > spreadAttemptsMax)
          throw new Error(`The users are not on several servers: ${describe(sessions)}.`);
        comeAgain(sessions);
        await until(
          () => sessions.every(({ state }) => state === 'online'),
          () => `everybody is back: ${describe(sessions)}`,
        );
      }
      return sessions[0]!.server!;
    },
    disturbed: (what) => note('fault', 'fault', what),
    async progress(operations = members * 4) {
      const enough = answered + operations;
      await until(() => answered >= enough, `${operations} more operations are answered`);
    },
    async settle() {
      talk.stop();
      await until(settled, () => `everybody is back: ${describe(sessions)}`);
      await quiet(history, settled);
    },
    async judge() {
      note('mark', 'phase', 'end');
      for (const record of records) record.finish();
      for (const session of sessions) session.stop();
      for await (const { sender, clientId, ...place } of readStored(cluster.database.url)) {
        const peer = actorOf(sender);
        if (peer >= 0)
          history.add({ ...blank, ...place, t: clock.now() - startMs, kind: 'ok', op: 'stored', clientId, peer });
      }
      return [...wrong(await judge(history)), ...(await inconsistent(cluster.database.url))];
    },
  };
}

// ---

const clock = createSystemClock();
/** Those who always belong to the group; user 0 is its admin. */
const members = 4;
const sendEveryMs = 8;
const changeEveryMs = 30;
/** A user waits with the next operation while so many are unanswered. */
const unansweredMax = 4;
/** Longer than whatever recovers something by itself in a `CrashCluster`. */
const quietMs = 700;
const patienceMs = 20_000;
/** May abstain elsewhere; here the database is read after every test. */
const alwaysJudged: readonly string[] = ['stored-agrees'];
const spreadAttemptsMax = 50;
const blank = { actor: laboratory, session: 0, conversation: 0, seq: 0, clientId: 0, peer: -1, detail: '' };

function nameOf(tag: string, index: number): UserName {
  return `${tag}${index}` as UserName;
}

function startTalk(
  sessions: readonly ClientSession[],
  { group, guest }: { group: ConversationId; guest: UserName },
): { stop(): void } {
  let turn = 0;
  let inside = false;
  const free = (session: ClientSession) => session.pending < unansweredMax;
  const sends = setInterval(() => {
    const session = sessions[turn++ % members]!;
    if (free(session)) session.send(group, 'aGVsbG8');
  }, sendEveryMs);
  const changes = setInterval(() => {
    const [admin] = sessions;
    if (!free(admin!)) return;
    if (inside) admin!.remove(group, [guest]);
    else admin!.invite(group, [guest]);
    inside = !inside;
  }, changeEveryMs);
  return {
    stop() {
      clearInterval(sends);
      clearInterval(changes);
    },
  };
}

async function until(condition: () => boolean, what: string | (() => string), limitMs = patienceMs): Promise<void> {
  const deadline = clock.now() + limitMs;
  while (!condition()) {
    if (clock.now() > deadline)
      throw new Error(`Not so after ${limitMs} ms: ${typeof what === 'string' ? what : what()}.`);
    await passes(5);
  }
}

/** Nothing has happened for a while, and everybody is settled. */
async function quiet(history: MemoryHistory, settled: () => boolean): Promise<void> {
  let seen = -1;
  let sinceMs = clock.now();
  await until(() => {
    if (history.events.length !== seen || !settled()) {
      seen = history.events.length;
      sinceMs = clock.now();
    }
    return clock.now() - sinceMs >= quietMs;
  }, 'nothing more happens');
}

/** Somebody is where the admin is, and somebody is not. */
function isSpread(sessions: readonly ClientSession[]): boolean {
  const [home = null, ...others] = sessions.map(({ server }) => server);
  return home !== null && others.includes(home) && others.some((other) => other !== null && other !== home);
}

/** Everybody loses the connection and dials again. */
export function comeAgain(sessions: readonly ClientSession[]): void {
  for (const session of sessions) session.drop();
  for (const session of sessions) session.start();
}

function passes(ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

function describe(sessions: readonly ClientSession[]): string {
  return sessions.map(({ state, pending, server }) => `${state} at ${server} with ${pending}`).join(', ');
}

/** A check may have nothing to judge only where its registry says so, and never of what these tests are about. */
function wrong(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ check, result }) => result === 'fail' || (result === 'unknown' && !mayAbstain(check)))
    .map(({ check, result, summary, evidence }) => `${check}: ${result}: ${summary} ${evidence[0]?.what ?? ''}`);
}

function mayAbstain(check: string): boolean {
  return isCheckName(check) && checks[check].mayAbstain && !alwaysJudged.includes(check);
}

/** What the tables say of each other: each sequence is whole, and the members are those whom its entries made members. */
async function inconsistent(url: string): Promise<string[]> {
  const rows = await queryDatabase(
    url,
    `
    SELECT 'the sequence of conversation ' || c.id || ' is not whole' AS what
    FROM conversations c JOIN messages m ON m.conversation = c.id
    GROUP BY c.id HAVING count(*) <> c.last_seq OR max(m.seq) <> c.last_seq OR min(m.seq) <> 1
    UNION ALL
    SELECT 'the stay of user ' || s.user_id || ' in conversation ' || s.conversation || ' stands in one table only'
    FROM (SELECT conversation, user_id, joined_seq AS seq, true AS came FROM members
          UNION ALL SELECT conversation, user_id, left_seq, false FROM members WHERE left_seq IS NOT NULL) s
    FULL JOIN (SELECT conversation, unnest(users) AS user_id, seq, change IN ('created', 'added') AS came
               FROM messages WHERE change IS NOT NULL) e USING (conversation, user_id, seq, came)
    WHERE s.conversation IS NULL OR e.conversation IS NULL`,
  );
  return rows.map(({ what }) => String(what));
}
