/**
 * Real clocks, timers, randomness and sockets throw while code of the virtual world is on the stack. What runs between
 * two of its turns (the test runner, a signal handler) keeps them.
 */
import crypto from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';

/** What must not be touched, where it is found, and what to use instead. */
export const guarded: readonly Guarded[] = [
  ...guardsOf('', globalThis, 'Clock.after()', ['setTimeout', 'setInterval', 'setImmediate']),
  ...guardsOf('timers.', timers, 'Clock.after()', ['setTimeout', 'setInterval', 'setImmediate']),
  ...guardsOf('timers/promises.', timersPromises, 'Clock.after()', ['setTimeout', 'setInterval', 'setImmediate']),
  ...guardsOf('AbortSignal.', AbortSignal, 'Clock.after()', ['timeout']),
  ...guardsOf('Date.', Date, 'Clock.wall()', ['now']),
  ...guardsOf('performance.', performance, 'Clock.now()', ['now']),
  ...guardsOf('process.', process, 'Clock.now()', ['hrtime']),
  ...guardsOf('process.hrtime.', process.hrtime, 'Clock.now()', ['bigint']),
  ...guardsOf('Math.', Math, 'Random.next()', ['random']),
  ...guardsOf('crypto.', globalThis.crypto, 'Random.bytes()', ['randomUUID', 'getRandomValues']),
  ...guardsOf('node:crypto.', crypto, 'Random.bytes()', ['randomUUID', 'randomBytes', 'randomInt', 'randomFill']),
  ...guardsOf('net.', net, 'Transport', ['connect', 'createConnection', 'createServer']),
  ...guardsOf('http.', http, 'Transport', ['request', 'get', 'createServer']),
  ...guardsOf('https.', https, 'Transport', ['request', 'get']),
  ...guardsOf('', globalThis, 'Transport', ['fetch', 'WebSocket']),
];

export interface Guarded {
  /** How people write it, for example `Math.random`. */
  readonly name: string;
  readonly owner: object;
  readonly key: string;
  /** The port to use instead. */
  readonly instead: string;
}

/** Puts the guards in place until the answer is called. Guards that are in place already are shared. */
export function installGuards(): () => void {
  if (installations++ === 0) {
    restore = [...guarded.map(guard), guardDate()];
    syncBuiltinESMExports();
  }
  let installed = true;
  return () => {
    if (!installed) return;
    installed = false;
    if (--installations > 0) return;
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  };
}

/** Says whether code of the virtual world is on the stack from now on. */
export function setVirtual(on: boolean): void {
  virtual = on;
}

// ---

let virtual = false;
let installations = 0;
let restore: readonly (() => void)[] = [];

function guardsOf(prefix: string, owner: object, instead: string, keys: readonly string[]): Guarded[] {
  return keys.map((key) => ({ name: `${prefix}${key}`, owner, key, instead }));
}

function refuse(name: string, instead: string): never {
  throw new Error(
    `${name} was called inside the virtual world, where it would break "same seed, same run": use ${instead}.`,
  );
}

/**
 * Functions of ts-mls that may touch the real world, for nothing depends on what they get: what is to be wiped is filled
 * with random bytes and then with zeros, and the lifetime of our keys, which is looked at, is for ever.
 */
const harmless: Readonly<Record<string, string>> = {
  'crypto.getRandomValues': 'zeroOutUint8Array',
  'Date.now': 'validateLeafNodeKeyPackage',
};

function isHarmless(name: string): boolean {
  const caller = harmless[name];
  return caller !== undefined && (new Error().stack ?? '').includes(caller);
}

function guard({ name, owner, key, instead }: Guarded): () => void {
  const original = Reflect.get(owner, key) as (...parameters: unknown[]) => unknown;
  return replace(
    owner,
    key,
    new Proxy(original, {
      apply: (target, self, parameters) =>
        virtual && !isHarmless(name) ? refuse(name, instead) : Reflect.apply(target, self, parameters),
      construct: (target, parameters) =>
        virtual ? refuse(name, instead) : (Reflect.construct(target, parameters) as object),
    }),
  );
}

/** `new Date()` and `Date()` read the clock; `new Date(ms)` does not. */
function guardDate(): () => void {
  return replace(
    globalThis,
    'Date',
    new Proxy(Date, {
      apply: (target, self, parameters) =>
        virtual ? refuse('Date()', 'Clock.wall()') : Reflect.apply(target, self, parameters),
      construct: (target, parameters, as) =>
        virtual && parameters.length === 0
          ? refuse('new Date()', 'Clock.wall()')
          : (Reflect.construct(target, parameters, as) as object),
    }),
  );
}

function replace(owner: object, key: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  Object.defineProperty(owner, key, {
    value,
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
  });
  return () => {
    if (before) Object.defineProperty(owner, key, before);
    else Reflect.deleteProperty(owner, key);
  };
}
