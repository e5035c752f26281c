/**
 * Images through the balancer, one server and PostgreSQL (fsync on), everything on this machine: encrypted uploads and decrypted downloads of 20 MiB, one
 * at a time and four at once, in MB/s of the image; encryption alone beside them; and what the server's and the balancer's memory grows by while 50 uploads and
 * 50 downloads of 25 MiB stall. Options: `--rounds N` (5).
 */
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import {
  downloadImage,
  type HttpRequest,
  type HttpResponse,
  type ImageReference,
  type ImageWorld,
  limits,
  uploadImage,
} from '../src/system/index.ts';
import { createNodeCiphers, createSystemRandom } from '../src/system/node.ts';
import { type BlobCluster, startBlobCluster } from '../test/helpers/blob-cluster.ts';
import { allBytes } from '../test/helpers/byte-streams.ts';
import { pngOf } from '../test/helpers/images.ts';
import { printFigures, rounded } from './support/run-once.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const atOnce = 4;
const stalledEach = 50;
const bytes = pngOf(20 * 2 ** 20, { width: 4000, height: 3000 });
const file = new Blob([bytes as Uint8Array<ArrayBuffer>]);

const blobs = await startBlobCluster(1, {
  blobUploadsPerUserMax: 100,
  blobDownloadsPerUserMax: 100,
  blobBytesPerUserPerDay: 1e11,
});
try {
  printFigures(await measure(blobs));
} finally {
  await blobs.stop();
}

// ---

async function measure({ transport, token, conversation }: BlobCluster): Promise<Record<string, unknown>> {
  const world: ImageWorld = { transport, token, random: createSystemRandom(), ciphers: createNodeCiphers() };
  const references: ImageReference[] = [];
  const up = async () => void references.push(await uploadImage(world, file, { conversation }));
  const down = async () => {
    const { pieces } = await downloadImage(world, references[0]!);
    for await (const _ of pieces);
  };
  const alone: ImageWorld = { ...world, transport: { ...transport, request: swallow } };
  await up();
  await down();
  const rates = {
    encryptMBps: await rate(1, async () => void (await uploadImage(alone, file, { conversation }))),
    upMBps: await rate(1, up),
    downMBps: await rate(1, down),
    upAtOnceMBps: await rate(atOnce, up),
    downAtOnceMBps: await rate(atOnce, down),
  };
  console.log(`${bytes.length / 2 ** 20} MiB, MB/s: ${JSON.stringify(rates)}`);
  return { imageMiB: bytes.length / 2 ** 20, rounds, atOnce, ...rates, ...(await stall(references[0]!)) };
}

/** A server that takes everything at once. */
async function swallow({ bytes: sent }: HttpRequest): Promise<HttpResponse> {
  const { length } = await allBytes(sent);
  return { status: 201, body: JSON.stringify({ blob: 'A'.repeat(32), bytes: length }) };
}

/** MB of images a second, when so many go at once, in each of the rounds. */
async function rate(side: number, work: () => Promise<void>): Promise<number | null> {
  const startMs = performance.now();
  for (let round = 0; round < rounds; round++) await Promise.all(Array.from({ length: side }, work));
  return rounded((rounds * side * bytes.length) / 1000 / (performance.now() - startMs));
}

async function stall({ blob }: ImageReference): Promise<Record<string, unknown>> {
  const before = await memory();
  const sockets: Socket[] = [];
  for (let n = 0; n < stalledEach; n++) {
    sockets.push(open(`GET /v1/blobs/${blob} HTTP/1.1\r\n`, new Uint8Array()));
    const head = `POST /v1/blobs?conversation=${blobs.conversation} HTTP/1.1\r\ncontent-length: ${limits.blobBytesMax}\r\n`;
    sockets.push(open(head, bytes.subarray(0, 300_000)));
  }
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const after = await memory();
  for (const socket of sockets) socket.destroy();
  return {
    stalledUploads: stalledEach,
    stalledDownloads: stalledEach,
    serverRssMiB: after.server,
    serverRssGrowthMiB: after.server - before.server,
    balancerRssMiB: after.balancer,
    balancerRssGrowthMiB: after.balancer - before.balancer,
  };
}

/** A connection to the balancer that sends this and then neither sends nor reads. */
function open(head: string, body: Uint8Array): Socket {
  const socket = connect(blobs.cluster.balancers[0]!.port, '127.0.0.1', () => {
    socket.write(`${head}host: localhost\r\nauthorization: Bearer ${blobs.token}\r\n\r\n`);
    socket.write(body);
  });
  return socket.pause().on('error', () => {});
}

async function memory(): Promise<{ server: number; balancer: number }> {
  const of = async (origin: string) => {
    const { rssBytes } = (await (await fetch(`${origin}/stats`)).json()) as { rssBytes: number };
    return Math.round(rssBytes / 2 ** 20);
  };
  const { servers, balancers } = blobs.cluster;
  return { server: await of(servers[0]!.origin), balancer: await of(balancers[0]!.origin) };
}
