import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serversFound } from '../../src/system/apps/serve/readiness.ts';
import { openBrowserMessenger } from '../../src/system/browser.ts';
import { downloadImage, uploadImage } from '../../src/system/index.ts';
import { createNodeCiphers, createSystemRandom, type Messenger, openMessenger } from '../../src/system/node.ts';
import type { ByteStream } from '../../src/system/ports.ts';
import { limits } from '../../src/system/protocol/limits.ts';
import { type BlobCluster, startBlobCluster } from '../helpers/blob-cluster.ts';
import { stubBrowserFetch } from '../helpers/browser-fetch.ts';
import { allBytes, pattern, streamOf } from '../helpers/byte-streams.ts';
import { pngOf } from '../helpers/images.ts';
import { queryDatabase } from '../helpers/postgres.ts';

const mebibyte = 1024 * 1024;
const polling = { timeout: 20_000 };

let blobs: BlobCluster;
const sockets: Socket[] = [];
const messengers: Messenger[] = [];
const folder = mkdtempSync(join(tmpdir(), 'images-'));

beforeAll(async () => {
  blobs = await startBlobCluster(1, {
    blobUploadsPerUserMax: 64,
    blobDownloadsPerUserMax: 64,
    blobBytesPerUserPerDay: 4e9,
    expiryEveryMs: 500,
  });
}, 120_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  for (const messenger of messengers) await messenger.close();
  await blobs.stop();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

describe('blobs through a balancer, a server process and PostgreSQL', { timeout: 120_000 }, () => {
  it('memory stays bounded while 50 uploads and 50 downloads of 25 MiB stall, and others are served', async () => {
    const full = streamOf(Array.from({ length: 25 }, (_, index) => pattern(mebibyte, index)));
    const blob = await upload(full);
    expect(await download(blob)).toBe(limits.blobBytesMax);
    const before = await memory();
    for (let n = 0; n < 50; n++) {
      sockets.push(open(`GET /v1/blobs/${blob} HTTP/1.1\r\n`, ''));
      const head = `POST /v1/blobs?conversation=${blobs.conversation} HTTP/1.1\r\n`;
      sockets.push(open(head, `content-length: ${limits.blobBytesMax}\r\n`, pattern(300_000)));
    }
    // Each upload has two chunks in the store and part of a third one in the server.
    const arrived = async () => (await rows('SELECT count(*)::int AS n FROM blob_chunks WHERE data IS NOT NULL'))[0]!.n;
    await expect.poll(arrived, { timeout: 20_000 }).toBe(200 + 100);
    const during = await memory();
    expect(await download(await upload(streamOf([pattern(mebibyte)])))).toBe(mebibyte);
    const grown = { server: during.server - before.server, balancer: during.balancer - before.balancer };
    // Without bounds the downloads alone would be 1250.
    expect(grown.server).toBeLessThan(130);
    expect(grown.balancer).toBeLessThan(130);
    for (const socket of sockets.splice(0)) socket.destroy();
    // The uploads ended too early: nothing is left of them.
    const unfinished = async () => (await rows('SELECT count(*)::int AS n FROM blobs WHERE bytes IS NULL'))[0]!.n;
    await expect.poll(unfinished, { timeout: 10_000 }).toBe(0);
    expect(await arrived()).toBe(200 + 8);
  });

  it('a server that is killed in the middle of an upload leaves nothing once the expiry has run', async () => {
    const under = Promise.withResolvers<void>();
    const pieces = (async function* () {
      yield pattern(mebibyte);
      under.resolve();
      await new Promise(() => {});
    })();
    const lost = upload({ length: 3 * mebibyte, pieces });
    const caught = expect(lost).rejects.toThrow();
    await under.promise;
    const unfinished = async () =>
      (
        await rows(`SELECT count(*)::int AS n FROM blobs b JOIN blob_chunks c ON c.blob = b.id WHERE b.bytes IS NULL`)
      )[0]!.n;
    await expect.poll(unfinished, { timeout: 10_000 }).toBeGreaterThan(4);
    await blobs.cluster.kill('s1');
    await caught;
    expect(await unfinished()).toBeGreaterThan(4);
    // An hour later.
    await rows('UPDATE blobs SET at = at - 3600000 WHERE bytes IS NULL');
    await blobs.cluster.start('s1');
    await serversFound({ name: 'b1', origin: blobs.cluster.endpoints[0]! });
    await expect.poll(unfinished, { timeout: 20_000 }).toBe(0);
    expect(await rows('SELECT FROM blob_chunks c WHERE NOT EXISTS (SELECT FROM blobs b WHERE b.id = c.blob)')).toEqual(
      [],
    );
  });
});

describe('images through all of it', { timeout: 120_000 }, () => {
  const bytes = pngOf(20 * mebibyte, { width: 5000, height: 4000 });
  const world = () => ({
    transport: blobs.transport,
    token: blobs.token,
    random: createSystemRandom(),
    ciphers: createNodeCiphers(),
  });
  const file = () => new Blob([bytes as Uint8Array<ArrayBuffer>]);

  it('a file of 20 MiB comes back the same, and a stranger gets nothing of it', async () => {
    const { conversation, signIn } = blobs;
    const reference = await uploadImage(world(), file(), { conversation });
    expect(reference).toMatchObject({ bytes: bytes.length, type: 'image/png', width: 5000, height: 4000 });
    const image = await downloadImage(world(), reference);
    expect((await allBytes(image.pieces)).equals(bytes)).toBe(true);
    const { token } = await signIn('eve');
    const stolen = downloadImage({ ...world(), token }, reference);
    await expect(stolen).rejects.toMatchObject({ kind: 'refused', code: 'unknownPath' });
  });

  it('a cancelled one leaves no row', async () => {
    const { conversation } = blobs;
    const before = await rows('SELECT id FROM blobs');
    const cancel = new AbortController();
    const onProgress = (progress: { bytes: number }) => void (progress.bytes > 5 * mebibyte && cancel.abort());
    const sent = uploadImage(world(), file(), { conversation, onProgress, signal: cancel.signal });
    await expect(sent).rejects.toMatchObject({ kind: 'cancelled' });
    await expect.poll(() => rows('SELECT id FROM blobs'), { timeout: 10_000 }).toEqual(before);
  });

  it('one whose server is killed is interrupted, and goes through when it is tried again', async () => {
    const { cluster, conversation } = blobs;
    let killed: Promise<unknown> | null = null;
    const onProgress = (progress: { bytes: number }): void => {
      if (progress.bytes > 2 * mebibyte) killed ??= cluster.kill('s1');
    };
    const sent = uploadImage(world(), file(), { conversation, onProgress });
    await expect(sent).rejects.toMatchObject({ kind: 'interrupted', message: expect.stringContaining('try it again') });
    await killed;
    await cluster.start('s1');
    await serversFound({ name: 'b1', origin: cluster.endpoints[0]! });
    expect(await uploadImage(world(), file(), { conversation })).toMatchObject({ bytes: bytes.length });
  });
});

describe('images of messengers', { timeout: 120_000 }, () => {
  it('come byte for byte from Node to a browser, though the server is killed in the middle, and to no stranger', async () => {
    const { cluster } = blobs;
    stubBrowserFetch();
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    const origin = cluster.endpoints[0]!;
    const carl = await joined('carl', await openMessenger({ origin, path: join(folder, 'carl.db') }));
    const dora = await joined('dora', await openBrowserMessenger({ origin, name: 'dora' }));
    const opened = await carl.openDirect('dora').outcome;
    if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
    const { conversation } = opened;
    expect(carl.conversation(conversation)).toMatchObject({ isEncrypted: true });
    // What is written before a device has its keys, it never reads.
    for (const each of [carl, dora])
      await expect.poll(() => each.safetyCode(conversation).catch(() => null), polling).toMatch(/\d/);

    const bytes = pngOf(15 * mebibyte, { width: 8000, height: 8000 });
    writeFileSync(join(folder, 'large.png'), bytes);
    const seen = new Promise<object>((resolve) => {
      dora.on('item', (item) => void (item.content.kind !== 'membership' && resolve(item)));
    });
    let killed: Promise<unknown> | null = null;
    const onProgress = (progress: { bytes: number }): void => {
      if (progress.bytes > 2 * mebibyte) killed ??= cluster.kill('s1').then(() => cluster.start('s1'));
    };
    const file = await openAsBlob(join(folder, 'large.png'));
    const sent = await carl.sendImage(conversation, file, { caption: 'large', onProgress }).outcome;
    await killed;
    if (sent.kind !== 'sent') throw new Error(JSON.stringify(sent));
    expect(await seen).toMatchObject({ seq: sent.seq, content: { kind: 'image', caption: 'large' } });
    const read = await dora.readImage(conversation, sent.seq);
    expect(read).toMatchObject({ kind: 'image', type: 'image/png', width: 8000, height: 8000 });
    expect(read.kind === 'image' && Buffer.from(bytes).equals(read.bytes)).toBe(true);

    const { token } = await blobs.signIn('mallory');
    const stored = await rows(`SELECT id FROM blobs WHERE conversation = ${conversation} AND bytes IS NOT NULL`);
    expect(stored).toHaveLength(1);
    const asked = { method: 'GET', path: `/v1/blobs/${stored[0]!.id}`, token, body: '' } as const;
    expect(await blobs.transport.request(asked)).toMatchObject({ status: 404 });
  });
});

// ---

async function joined(name: string, messenger: Messenger): Promise<Messenger> {
  messengers.push(messenger);
  await messenger.signUp({ name, password: 'correct horse' });
  messenger.start();
  return messenger;
}

async function upload(bytes: ByteStream): Promise<string> {
  const { conversation, token, transport } = blobs;
  const query = { conversation: String(conversation) };
  const answer = await transport.request({ method: 'POST', path: '/v1/blobs', query, token, body: '', bytes });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
  return JSON.parse(answer.body).blob;
}

async function download(blob: string): Promise<number> {
  const { token, transport } = blobs;
  const asked = { method: 'GET', path: `/v1/blobs/${blob}`, token, body: '' } as const;
  const { bytes } = await transport.request(asked, { streamed: true });
  return (await allBytes(bytes)).length;
}

/** A connection to the balancer that sends this and then neither sends nor reads. */
function open(requestLine: string, headers: string, body: Uint8Array = new Uint8Array()): Socket {
  const { port } = blobs.cluster.balancers[0]!;
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(`${requestLine}host: x\r\nauthorization: Bearer ${blobs.token}\r\n${headers}\r\n`);
    socket.write(body);
  });
  return socket.pause().on('error', () => {});
}

/** Resident memory of each process in MiB. */
async function memory(): Promise<{ server: number; balancer: number }> {
  const { servers, balancers } = blobs.cluster;
  const of = async (origin: string) => {
    const stats = (await (await fetch(`${origin}/stats`)).json()) as { rssBytes: number };
    return Math.round(stats.rssBytes / mebibyte);
  };
  return { server: await of(servers[0]!.origin), balancer: await of(balancers[0]!.origin) };
}

function rows(sql: string): Promise<Record<string, unknown>[]> {
  return queryDatabase(blobs.cluster.database.url, sql);
}
