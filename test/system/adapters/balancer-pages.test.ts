import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPages } from '../../../src/system/adapters/balancer-pages.ts';
import { createSystemClock, type NodeBalancer, startBalancer } from '../../../src/system/node.ts';
import { Problem } from '../../../src/system/problem.ts';
import { startUpstream, type Upstream } from '../../helpers/upstream.ts';

let folder: string;
let balancer: NodeBalancer;
let server: Upstream;
const script = 'console.log("x");'.repeat(50);

beforeAll(async () => {
  const above = mkdtempSync(join(tmpdir(), 'nawaab-pages-'));
  folder = join(above, 'web');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(above, 'secret.html'), 'outside');
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'notes.txt'), 'of no type that is served');
  writeFileSync(join(folder, 'assets', 'a-1.js'), script);
  writeFileSync(join(folder, 'assets', 'a-1.js.br'), brotliCompressSync(script));
  server = await startUpstream('s1');
  balancer = await startBalancer({
    host: '127.0.0.1',
    port: 0,
    strategy: 'round-robin',
    servers: [{ id: 's1' as never, host: '127.0.0.1', port: server.port }],
    web: folder,
    log: { write: () => {} },
    clock: createSystemClock(),
  });
});

afterAll(async () => {
  await balancer.stop();
  await server.kill();
  rmSync(join(folder, '..'), { recursive: true });
});

describe('the pages of the web client', () => {
  it('come from the balancer, under a policy that lets nothing foreign in', async () => {
    const page = await fetch(`http://127.0.0.1:${balancer.port}/`);
    expect(await page.text()).toBe('<!doctype html>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|data:|\*/);
  });

  it('come compressed to who takes that, and as they are to others', async () => {
    const small = await get('/assets/a-1.js', { 'accept-encoding': 'gzip, br' });
    expect(small.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(small.body).toString()).toBe(script);
    expect(small.headers['cache-control']).toContain('immutable');
    const plain = await get('/assets/a-1.js', { 'accept-encoding': 'br;q=0, gzip' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.toString()).toBe(script);
  });

  it('are not sent again to who has them', async () => {
    const first = await get('/');
    const again = await get('/', { 'if-none-match': `W/${first.headers.etag}` });
    expect(again.status).toBe(304);
    expect(again.body.length).toBe(0);
    expect((await get('/', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('answer HEAD with the length and no body', async () => {
    const head = await get('/assets/a-1.js', {}, 'HEAD');
    expect(head.headers['content-length']).toBe(String(script.length));
    expect(head.body.length).toBe(0);
  });

  it('leave everything else to the servers', async () => {
    const pages = readPages(folder);
    const header = () => null;
    expect(pages.answer({ method: 'POST', path: '/', header })).toBeNull();
    expect(pages.answer({ method: 'GET', path: '/v1/users', header })).toBeNull();
    expect(pages.answer({ method: 'GET', path: '/notes.txt', header })).toBeNull();
  });

  it('never lead out of their folder, whatever is asked for', () => {
    const pages = readPages(folder);
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      '%2e%2e',
      'assets',
      'secret.html',
      '..%2f',
      '\\',
      'a-1.js',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const path = `/${parts.join('/')}`;
        const answer = pages.answer({ method: 'GET', path, header: () => null });
        expect(answer === null || ['/', '/assets/a-1.js'].includes(path)).toBe(true);
      }),
    );
    for (const path of ['/../secret.html', '/assets/../../secret.html']) {
      expect(pages.answer({ method: 'GET', path, header: () => null })).toBeNull();
    }
  });

  it('must have been built', () => {
    expect(() => readPages(join(folder, 'nothing'))).toThrow(Problem);
    expect(() => readPages(join(folder, 'assets'))).toThrow(/npm run build/);
  });
});

// ---

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: balancer.port, path, headers, method }, async (answer) => {
      const body = Buffer.from(await text(answer.setEncoding('latin1')), 'latin1');
      resolve({ status: answer.statusCode!, headers: answer.headers, body });
    });
    asked.on('error', reject).end();
  });
}
