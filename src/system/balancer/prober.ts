import type { Cancel, Clock, Ms, Random } from '../ports.ts';
import type { ServerStats } from '../protocol/http.ts';
import type { ServerId } from '../protocol/ids.ts';
import type { BalancerWorld } from './contract.ts';

export interface Prober {
  /** Asks all servers at once, then each every `probeMs` at a random phase of its own. */
  start(): void;
  /** Asks nobody any more; answers that are under way are dropped. */
  stop(): void;
  /** Asks this server now. Answers to earlier questions no longer count. */
  ask(server: ServerId): void;
}

export interface ProberWorld {
  readonly clock: Clock;
  /** Draws the phases. */
  readonly random: Random;
  readonly probe: BalancerWorld['probe'];
}

export interface ProbeListener {
  answered(server: ServerId, stats: ServerStats): void;
  /** No answer within half a period, or a refusal. True: ask again at once; false: when the period is over. */
  missed(server: ServerId, error: unknown): boolean;
}

export function createProber(
  world: ProberWorld,
  { servers, probeMs }: { readonly servers: readonly ServerId[]; readonly probeMs: Ms },
  listener: ProbeListener,
): Prober {
  const rounds = new Map<ServerId, Round>(servers.map((server) => [server, { question: 0, cancel: () => {} }]));
  let running = false;

  async function ask(server: ServerId, round: Round, periodMs: Ms): Promise<void> {
    const question = ++round.question;
    const dueAt = world.clock.now() + periodMs;
    round.cancel();
    const answer = await world.probe(server, probeMs / 2).then(
      (stats) => ({ stats }),
      (error: unknown) => ({ error }),
    );
    if (!running || question !== round.question) return;
    if (!('stats' in answer)) {
      if (listener.missed(server, answer.error)) return ask(server, round, probeMs);
    } else listener.answered(server, answer.stats);
    round.cancel = world.clock.after(dueAt - world.clock.now(), () => void ask(server, round, probeMs));
  }

  return {
    start() {
      running = true;
      for (const [server, round] of rounds) void ask(server, round, probeMs * world.random.next());
    },
    stop() {
      running = false;
      for (const round of rounds.values()) round.cancel();
    },
    ask(server) {
      const round = rounds.get(server);
      if (running && round !== undefined) void ask(server, round, probeMs);
    },
  };
}

// ---

interface Round {
  /** Number of the last question. */
  question: number;
  /** Undoes the next one. */
  cancel: Cancel;
}
