import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Cancel, Clock, Log, Ms } from '../ports.ts';
import { Problem } from '../problem.ts';

/** Files of a certificate, with those that lead to its root behind it, and of its private key without a passphrase: PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Lets clients in over TLS on the port where others come in the clear: their first byte tells them apart. */
export interface TlsDoor {
  /** What a new connection speaks, one that was made with `pauseOnConnect`. Null: it has gone, or its handshake failed. */
  greet(accepted: Socket): Promise<Greeting | null>;
  /** Looks for renewed files no more. */
  close(): void;
}

export type Greeting =
  | { readonly kind: 'secure'; readonly socket: TLSSocket }
  /** `first` is what it has sent so far; nothing more has been read. */
  | { readonly kind: 'clear'; readonly first: Buffer };

export interface TlsDoorOptions {
  readonly files: TlsFiles;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time to the end of a handshake. */
  readonly greetMs: Ms;
}

/** Throws a `Problem` when the files cannot be used. Renewed ones are taken up within a minute, for new connections. */
export function openTlsDoor({ files, clock, log, greetMs }: TlsDoorOptions): TlsDoor {
  let seen = stampOf(files);
  let context = readTls(files);
  let cancel: Cancel = clock.after(renewalMs, look);

  return { greet, close: () => cancel() };

  function look(): void {
    cancel = clock.after(renewalMs, look);
    try {
      const now = stampOf(files);
      if (now === seen) return;
      context = readTls(files);
      seen = now;
      log.write('info', 'the renewed certificate is in use', { file: files.certFile });
    } catch (error) {
      // It may be in the middle of being written; the former one is used on.
      log.write('warn', 'the renewed certificate cannot be used', { error: (error as Error).message });
    }
  }

  async function greet(accepted: Socket): Promise<Greeting | null> {
    const cancel = clock.after(greetMs, () => accepted.destroy());
    try {
      const first = await firstBytes(accepted);
      if (first === null || first[0] !== handshakeRecord) return first && { kind: 'clear', first };
      accepted.unshift(first);
      const socket = await shakeHands(accepted, context);
      return socket && { kind: 'secure', socket };
    } finally {
      cancel();
    }
  }
}

/** Names and addresses that the certificate is for, in its order. Throws a `Problem` when it cannot be read. */
export function namesIn({ certFile }: Pick<TlsFiles, 'certFile'>): readonly string[] {
  const { subjectAltName = '' } = readCertificate(certFile);
  return [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name]) => name!);
}

/** Throws a `Problem` when the files cannot be used together. */
export function readTls({ certFile, keyFile }: TlsFiles): SecureContext {
  const certificate = readCertificate(certFile);
  const key = readFile(keyFile);
  if (!certificate.checkPrivateKey(parsed(keyFile, 'a private key without a passphrase', () => createPrivateKey(key))))
    throw new Problem(`The key in ${keyFile} does not belong to the certificate in ${certFile}: name the two that do.`);
  return createSecureContext({ cert: readFile(certFile), key, minVersion: 'TLSv1.2' });
}

// ---

const renewalMs: Ms = 60_000;
/** Content type of TLS records that make a handshake (RFC 8446, section 5.1); no HTTP request begins with it. */
const handshakeRecord = 0x16;

function stampOf({ certFile, keyFile }: TlsFiles): string {
  return [certFile, keyFile].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs).join();
}

function readCertificate(file: string): X509Certificate {
  return parsed(file, 'a certificate', () => new X509Certificate(readFile(file)));
}

function parsed<T>(file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem(`${file} does not hold ${what} in PEM: name another file.`, { cause });
  }
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Problem(`${file} cannot be read (${(cause as Error).message}): name another file.`, { cause });
  }
}

/** Reads no further than what has come first. */
function firstBytes(socket: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const look = () => {
      const bytes: Buffer | null = socket.read();
      if (bytes !== null) settle(bytes);
    };
    const gone = () => settle(null);
    const settle = (bytes: Buffer | null) => {
      socket.off('readable', look).off('end', gone).off('close', gone);
      resolve(bytes);
    };
    socket
      .on('readable', look)
      .on('end', gone)
      .on('close', gone)
      .on('error', () => {});
  });
}

function shakeHands(accepted: Socket, secureContext: SecureContext): Promise<TLSSocket | null> {
  const socket = new TLSSocket(accepted, { isServer: true, secureContext });
  return new Promise((resolve) => {
    const gone = () => resolve(null);
    socket.on('error', gone).once('close', gone);
    socket.once('secure', () => {
      socket.off('close', gone);
      resolve(socket);
    });
  });
}
