/**
 * What the system asks of the world. The core (server, balancer decisions, client) reaches time, chance, sockets,
 * storage, other servers, secrets and the log through these ports only, so the same lines run on real machines and in
 * virtual time. Storage and the bus have files of their own: `database/store.ts` and `database/bus.ts`.
 */

/** Milliseconds, a duration or a reading of a monotonic clock; fractions allowed. */
export type Ms = number;
/** Milliseconds since 1970-01-01 UTC. */
export type EpochMs = number;
/** Undoes a pending `after`; calling it twice or too late does nothing. */
export type Cancel = () => void;

/** Time as the system sees it. Reads *and waits*. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never runs backwards. */
  now(): Ms;
  /** Calendar time, for what people read and for expiry. */
  wall(): EpochMs;
  /** Runs `run` once, not before `delay` ms have passed. A delay <= 0 still runs later, never at once. */
  after(delay: Ms, run: () => void): Cancel;
}

/** Chance. Real servers hand in a cryptographic source, the virtual world a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
  /** An independent stream named by `label`; draws from it never move this stream. Equal labels give equal streams. */
  fork(label: string): Random;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** One structured line per call. Never throws. Must not be given secrets or payloads. */
export interface Log {
  write(level: LogLevel, message: string, fields?: LogFields): void;
}

/** One open message connection (a WebSocket in the real world): ordered text frames both ways until it closes. */
export interface Socket {
  /** The peer's address as first seen by the balancer, for limits and logs. */
  readonly remote: string;
  /** Bytes accepted by `send` and not yet handed to the network. */
  readonly bufferedBytes: number;
  /** Queues one text frame. After a close it does nothing. */
  send(frame: string): void;
  /** Closes in order: frames sent before arrive first. Codes are in `protocol/close-codes.ts`. */
  close(code: number, reason: string): void;
  /** Cuts the connection at once. */
  terminate(): void;
}

/** What the owner of a socket does with it. `closed` is called exactly once, last. */
export interface SocketHandlers {
  message(frame: string): void;
  /** The queue has emptied after `bufferedBytes` was above zero. */
  drained?(): void;
  closed(code: number, reason: string): void;
}

/**
 * Bytes that come in pieces, as fast as they are asked for: whoever asks for none holds the sender back. Read once, to the
 * end, or let go of with the iterator's `return`. Rejects when the other side is gone, ends early or is too slow.
 */
export interface ByteStream {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Bytes in all; null when nobody said. */
  readonly length: number | null;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path without query, starting with `/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The bearer token, without the word `Bearer`. */
  readonly token?: string;
  /** JSON text, or empty. */
  readonly body: string;
  /** Sent or received instead of `body`, where the route says so. */
  readonly bytes?: ByteStream;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text, or empty. */
  readonly body: string;
  /** Sent or received instead of `body`, where the route says so. */
  readonly bytes?: ByteStream;
}

export interface ExchangeOptions {
  /** Cuts the exchange, also while the answer's bytes are being read. */
  readonly signal?: AbortSignal;
  /** A good answer (2xx) comes as `bytes`, which must then be read or let go of. Default: as `body`. */
  readonly streamed?: boolean;
}

/** How a client reaches the system. `request` rejects only when no answer arrived: the outcome is then unknown. */
export interface Transport {
  request(request: HttpRequest, options?: ExchangeOptions): Promise<HttpResponse>;
  /** Opens a message connection; `opened` comes before the first `message`. A failed attempt calls `closed` only. */
  open(path: string, handlers: SocketHandlers & { opened(): void }): Socket;
}

/** SHA-256 of bytes that come in pieces. */
export interface RunningSha256 {
  update(bytes: Uint8Array): void;
  /** 32 bytes; called once, last. */
  digest(): Uint8Array;
}

/** Passwords, tokens and digests. The real one is argon2id and SHA-256; the virtual one is cheap and deterministic. */
export interface Secrets {
  hashPassword(password: string): Promise<string>;
  /** Takes the same time whether or not the password fits. With `hash` null (no such user) it works as hard and says no. */
  verifyPassword(password: string, hash: string | null): Promise<boolean>;
  /** What is stored of a token. */
  digestToken(token: string): string;
  startSha256(): RunningSha256;
}

/** What a process knows of its own effort since the last call. */
export interface Vitals {
  sample(): VitalsSample;
}

export interface VitalsSample {
  /** CPU seconds used per second of the last window; 1 is one core. */
  readonly cpuFraction: number;
  /** CPU microseconds used since the process started. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Event-loop utilisation of the last window, 0 to 1. */
  readonly eventLoopUtilization: number;
  /** 99th percentile of the event loop's delay in the last window. */
  readonly eventLoopP99Ms: Ms;
}
