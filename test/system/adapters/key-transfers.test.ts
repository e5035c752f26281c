import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/system/adapters/json-log.ts';
import { startNodeServer } from '../../../src/system/adapters/node-server.ts';
import { createWsTransport } from '../../../src/system/adapters/ws-transport.ts';
import { readKeyBundle, uploadKeyBundle, uploadKeyPackages } from '../../../src/system/client/keys.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { createChatRig } from '../../helpers/chat-rig.ts';

const silent = createLog({ component: 'test', destination: { write: () => {} } });
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening() {
  const rig = await createChatRig();
  const { port, close } = await startNodeServer(rig.servers[0]!, { host: '127.0.0.1', port: 0, log: silent });
  cleanups.push(close);
  return { rig, port, transport: createWsTransport({ origin: `http://127.0.0.1:${port}` }) };
}

const longest = 'x'.repeat(limits.keyBundlePartCharsMax);

describe('keys over real sockets', () => {
  it('the longest bundle and the most packages go there, and the bundle comes back', async () => {
    const { rig, transport } = await listening();
    const { token } = await rig.signIn('anna');
    const bundle = { welcome: longest, groupInfo: longest, commit: longest };
    const uploaded = await uploadKeyBundle(transport, { token, ...bundle });
    expect(uploaded).toMatchObject({ kind: 'ok', value: { bundle: 1 } });
    const read = await readKeyBundle(transport, { token, bundle: 1 as never });
    expect(read.kind === 'ok' && read.value.commit === longest && read.value.welcome === longest).toBe(true);
    const packages = Array.from({ length: limits.keyPackagesPerDeviceMax }, (_, n) => ({
      package: `${n}`.padEnd(limits.keyPackageCharsMax, 'x'),
    }));
    expect(await uploadKeyPackages(transport, { token, packages })).toEqual({ kind: 'ok', value: { left: 100 } });
    expect(rig.errors).toEqual([]);
  });

  it('who may not upload is told so before sending more than the head', async () => {
    const { port } = await listening();
    const head =
      'POST /v1/key-bundles HTTP/1.1\r\nhost: x\r\nauthorization: Bearer wrong\r\ncontent-length: 3000000\r\n\r\n';
    const socket = connect(port, '127.0.0.1', () => socket.write(head));
    cleanups.push(() => socket.destroy());
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    expect(answer).toMatch(/^HTTP\/1\.1 401 [\s\S]*connection: close/i);
  });

  it('a body beyond the limit is refused by its announced length, and by what comes', async () => {
    const { rig, transport } = await listening();
    const { token } = await rig.signIn('anna');
    const groupInfo = longest.repeat(4);
    const refused = { kind: 'refused', code: 'tooLarge', definite: true };
    expect(await uploadKeyBundle(transport, { token, groupInfo })).toEqual(refused);
    const text = new TextEncoder().encode(JSON.stringify({ groupInfo }));
    const bytes = { length: null, pieces: [text.subarray(0, 3_000_000), text.subarray(3_000_000)] as never };
    const answer = await transport.request({ method: 'POST', path: '/v1/key-bundles', token, body: '', bytes });
    expect(answer.status).toBe(413);
    expect(rig.errors).toEqual([]);
  });
});
