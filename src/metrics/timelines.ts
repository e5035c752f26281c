/** The story of each violation: the events of its messages, and what its users and the laboratory did around them. */
import type { Evidence, Focus, Verdict } from './checks/check.ts';
import { authorOf } from './checks/sightings.ts';
import type { HistoryEvent } from './history/event.ts';
import type { History } from './history/reader.ts';

const timelineMax = 30;
/** Of those, at most this many of each kind that could crowd out the rest. */
const connectionsMax = 6;
const disturbancesMax = 4;
const othersMax = 8;

/** Fills in the timelines. Reads the history twice more if there is any evidence: who wrote what, then what became of it. */
export async function withTimelines(verdicts: readonly Verdict[], history: History): Promise<readonly Verdict[]> {
  const stories = new Map(
    verdicts.flatMap(({ evidence }) => evidence.map((one) => [one, createStory(one.focus ?? nothing)] as const)),
  );
  if (stories.size === 0) return verdicts;
  for (const step of ['identify', 'collect'] as const) {
    for await (const batch of history) {
      for (const event of batch) for (const story of stories.values()) story[step](event);
    }
  }
  const told = (one: Evidence): Evidence => ({ ...one, timeline: stories.get(one)!.timeline() });
  return verdicts.map((verdict) => ({ ...verdict, evidence: verdict.evidence.map(told) }));
}

// ---

const nothing: Focus = { conversation: 0, seqs: [], messages: [], actors: [] };

interface Story {
  identify(event: HistoryEvent): void;
  collect(event: HistoryEvent): void;
  timeline(): HistoryEvent[];
}

function createStory(focus: Focus): Story {
  const messages = new Set(focus.messages.map(({ author, clientId }) => `${author}/${clientId}`));
  const actors = new Set([...focus.actors, ...focus.messages.map(({ author }) => author)]);
  const seqs = new Set(focus.seqs);
  /** Events with their place in the history. */
  const central: Placed[] = [];
  const others: Placed[] = [];
  const connections: Placed[] = [];
  const disturbances: Placed[] = [];
  let index = 0;

  const isPlace = (event: HistoryEvent) => event.conversation === focus.conversation && seqs.has(event.seq);
  const isMessage = (event: HistoryEvent) =>
    event.op === 'send' && messages.has(`${authorOf(event)}/${event.clientId}`);
  return {
    identify(event) {
      if (!isAboutMessage(event) || !isPlace(event)) return;
      messages.add(`${authorOf(event)}/${event.clientId}`);
      actors.add(authorOf(event));
    },
    collect(event) {
      const placed = { index: index++, event };
      if (event.op === 'ack') return;
      if (isPlace(event) || isMessage(event)) {
        if (actors.has(event.actor)) central.push(placed);
        else if (others.length < othersMax) others.push(placed);
      } else if (isConnection(event) && actors.has(event.actor)) keepLast(connections, placed, connectionsMax, central);
      else if (event.kind === 'fault' || event.kind === 'heal')
        keepLast(disturbances, placed, disturbancesMax, central);
    },
    timeline: () =>
      [...central.slice(0, timelineMax - connectionsMax - disturbancesMax), ...connections, ...disturbances, ...others]
        .slice(0, timelineMax)
        .sort((a, b) => a.index - b.index)
        .map(({ event }) => event),
  };
}

interface Placed {
  readonly index: number;
  readonly event: HistoryEvent;
}

function isAboutMessage({ op }: HistoryEvent): boolean {
  return op === 'send' || op === 'stored';
}

function isConnection({ op }: HistoryEvent): boolean {
  return op === 'connect' || op === 'disconnect' || op === 'caughtUp';
}

/** Before the story begins the last ones matter, afterwards the first ones. */
function keepLast(list: Placed[], placed: Placed, max: number, story: readonly Placed[]): void {
  if (list.length < max) list.push(placed);
  else if (story.length === 0) {
    list.shift();
    list.push(placed);
  }
}
