/** A crowd: a share of the simulated users of a run, wherever it lives. */
import type { HistorySink } from '../../metrics/index.ts';
import type { Ciphers, Clock, Encryption, Log, Ms, Random, Transport, Vitals } from '../../system/index.ts';
import type { News } from './news.ts';
import type { SecondsRecorder } from './seconds.ts';
import type { Trace } from './trace/trace.ts';

export interface CrowdPlan {
  readonly trace: Trace;
  /** The users of this crowd, ascending. */
  readonly users: Uint32Array;
  /** How many crowds the users of the run are spread over. */
  readonly crowds: number;
  /** See `runTag`. */
  readonly tag: string;
  /** What the clock showed at the start of the run; all recorded times count from it. */
  readonly runStartMs: Ms;
  readonly session: { readonly backoffBaseMs: Ms; readonly backoffMaxMs: Ms; readonly ackDelayMs: Ms };
}

export const sessionDefaults: CrowdPlan['session'] = { backoffBaseMs: 100, backoffMaxMs: 5000, ackDelayMs: 1000 };

export interface CrowdWorld {
  readonly clock: Clock;
  /** The same in every crowd of a run; streams are forked from it by user. */
  readonly random: Random;
  readonly log: Log;
  /** For images. */
  readonly ciphers: Ciphers;
  /** What users encrypt with; null when they do not. */
  readonly encryption: Encryption | null;
  readonly transportFor: (user: number) => Transport;
  readonly history: HistorySink;
  readonly seconds: SecondsRecorder;
  /** How the thread feels; null in virtual time. */
  readonly vitals: Vitals | null;
}

/** Calls come in the order of the methods, each after the one before has resolved. */
export interface Crowd {
  /** Every user gets an account and a token. Rejects when one is refused. */
  signUp(): Promise<void>;
  /** Users connect at their traced times after `startMs`; resolves when each has been online once. */
  connect(startMs: Ms): Promise<void>;
  /** Opens what users of this crowd are to open; resolves when all of its users know all their conversations. */
  openConversations(): Promise<void>;
  /** Sends at the traced times after `startMs`, whatever happens; resolves when the last was sent. */
  send(startMs: Ms): Promise<void>;
  /** Nobody stays away any longer. */
  comeBack(): Promise<void>;
  totals(): CrowdTotals;
  /** Says goodbye and records what was never answered. */
  stop(): Promise<void>;
}

/** A crowd in this thread, and what it and the other crowds of the run must hear of each other. */
export interface LocalCrowd extends Crowd {
  /** What is new since the last call; always nothing when there is one crowd only. */
  takeNews(): News[];
  hear(news: readonly News[]): void;
}

/** Since the start of the run. Of several crowds: the sums. */
export interface CrowdTotals {
  /** Users that are online now. */
  readonly connected: number;
  /** Messages that were due, and of these answered. */
  readonly offered: number;
  readonly accepted: number;
  readonly refused: number;
  /** Due but not sent: their users had not been told, or not any more, that they are members. */
  readonly withheld: number;
  /** Deliveries that the accepted messages of this crowd's users call for, wherever the others are. */
  readonly expected: number;
  /** Deliveries to this crowd's users. */
  readonly delivered: number;
  /** Deliveries to this crowd's users that will never be: the messages have expired. */
  readonly expired: number;
  readonly disconnects: number;
  /** Users of this crowd who watch somebody they know, and have not been told that the other is online; summed. */
  readonly unseen: number;
  /** Images on their way, up or down. */
  readonly transfers: number;
  /** 99th percentile of deliveries in the last second; null when there were none. Of several crowds: the worst. */
  readonly deliveryP99Ms: Ms | null;
}

/** Messages not answered, deliveries missing, users not online or not seen to be, images on their way; over all crowds of a run 0 means that everything has arrived. */
export function owed(totals: CrowdTotals, users: number): number {
  const { offered, accepted, refused, withheld, expected, delivered, expired, connected, unseen, transfers } = totals;
  const unanswered = offered - accepted - refused - withheld;
  return unanswered + Math.max(0, expected - delivered - expired) + (users - connected) + unseen + transfers;
}
