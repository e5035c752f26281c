/** Attacks at random: bytes, requests and conversations that mostly do not keep to the rules. */
import fc from 'fast-check';
import { routes } from '../../src/system/protocol/http.ts';
import { mutatedFrame, validFrame } from './arbitrary-frames.ts';
import { type Attack, frameBytes } from './attacker.ts';

/** What a stranger may send; some have signed in. */
export interface NamedAttack extends Attack {
  readonly method: string;
  /** 0: the balancer; then the servers themselves. */
  readonly target: number;
}

export function anyAttack(tokens: {
  readonly http: readonly string[];
  readonly socket: string;
}): fc.Arbitrary<NamedAttack> {
  const sent = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 2000 }).map((bytes) => ({ method: '', bytes: Buffer.from(bytes) })),
    },
    { weight: 3, arbitrary: httpRequest(tokens.http) },
    { weight: 2, arbitrary: routeCall(tokens.http) },
    { weight: 5, arbitrary: conversationOf(tokens.socket) },
  );
  return fc
    .record({
      sent,
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      // biome-ignore lint/suspicious/noThenProperty: it is what comes then.
      then: fc.constantFrom(
        ...(['wait', 'wait', 'wait', 'half', 'half', 'half', 'half', 'reset', 'reset', 'deaf', 'drip'] as const),
      ),
      target: fc.constantFrom(0, 0, 1, 2),
    })
    .map(({ sent: { method, bytes }, ...how }) => ({ ...how, method, bytes }));
}

const line = fc.string({ unit: fc.constantFrom(...'abcXYZ019 -_:;,./%?=&"\'\\\t\u0000\u007fé'), maxLength: 30 });
const path = fc.oneof(
  fc.constantFrom(
    '/v1/users',
    '/v1/sessions',
    '/v1/users/alice',
    '/v1/users/me',
    '/v1/password',
    '/v1/devices',
    '/v1/devices/1',
    '/v1/devices/99999999999999999999',
    '/v1/sessions/all',
    '/v1/key-packages',
    '/v1/key-packages/alice/claim',
    '/v1/key-bundles',
    '/v1/key-bundles/1',
    '/v1/socket',
    '/healthz',
    '/readyz',
    '/stats',
    '/metrics',
  ),
  fc.constantFrom(
    '/v1/blobs',
    '/v1/blobs?conversation=1',
    '/v1/blobs?conversation=999',
    `/v1/blobs/${'A'.repeat(32)}`,
    '/v1/blobs/../users/alice',
    '/v1/blobs/%2e%2e%2f',
  ),
  fc.constantFrom(
    '/',
    '*',
    '//',
    '/v1/users/%',
    '/v1/users/%00',
    '/../../etc/passwd',
    '/?',
    `/${'a'.repeat(20_000)}`,
    'http://x/y',
  ),
  fc.webPath().map((text) => text || '/'),
  line,
);
const header = fc.oneof(
  fc.constantFrom(
    'expect: 100-continue',
    'expect: more',
    'transfer-encoding: chunked',
    'transfer-encoding: gzip, chunked',
  ),
  fc.constantFrom(
    'content-length: 5',
    'content-length: -1',
    'content-length: 99999999999',
    'content-length: 1e3',
    'host: x',
  ),
  fc.constantFrom(
    'upgrade: websocket',
    'upgrade: h2c',
    'connection: upgrade',
    'connection: keep-alive',
    'x-forwarded-for: ,,;',
  ),
  fc.constantFrom(
    `x-long: ${'h'.repeat(20_000)}`,
    ' folded',
    'no colon',
    ': no name',
    'authorization: Bearer',
    'authorization: Basic x',
  ),
  fc.tuple(line, line).map(([name, value]) => `${name}: ${value}`),
);
const credentials = fc.record(
  {
    name: fc.constantFrom('alice', 'eve', '', 'a\u0000b', '__proto__', "'; DROP TABLE users; --"),
    password: fc.string(),
    device: fc.string(),
  },
  { requiredKeys: [] },
);
const newPassword = fc.record({
  old: fc.constantFrom('correct horse', 'wrong horse', ''),
  new: fc.constantFrom('correct horse', 'short'),
});
const wrongPassword = fc.record({ password: fc.constantFrom('wrong horse', '') });
const keyPackages = fc.record({
  packages: fc.array(fc.record({ package: line }), { maxLength: 3 }),
  lastResort: fc.record({ package: fc.constantFrom('AAAA', '') }),
});
const keyBundle = fc.record({ groupInfo: fc.constantFrom('AAAA', '', 'not base64!') });
const body = fc.oneof(
  fc.constantFrom(
    '',
    '{}',
    '[]',
    'null',
    '{"name":',
    '[['.repeat(20_000),
    `"${'b'.repeat(70_000)}"`,
    'b'.repeat(1_200_000),
  ),
  fc.json(),
  fc.oneof(credentials, newPassword, wrongPassword, keyPackages, keyBundle).map((value) => JSON.stringify(value)),
  line,
);

/** What a route wants to be told, or nearly. */
const fitting: Readonly<Partial<Record<keyof typeof routes, fc.Arbitrary<object>>>> = {
  signUp: credentials,
  signIn: credentials,
  changePassword: newPassword,
  deleteAccount: wrongPassword,
  uploadKeyPackages: keyPackages,
  uploadKeyBundle: keyBundle,
};

function httpRequest(tokens: readonly string[]): fc.Arbitrary<{ method: string; bytes: Buffer }> {
  return fc
    .record({
      method: fc.constantFrom(
        'GET',
        'GET',
        'POST',
        'POST',
        'DELETE',
        'PUT',
        'HEAD',
        'OPTIONS',
        'CONNECT',
        'BREW',
        'get',
        '',
      ),
      path,
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP', ''),
      headers: fc.array(header, { maxLength: 3 }),
      authorized: fc.boolean(),
      token: fc.constantFrom(...tokens),
      honest: fc.boolean(),
      body,
    })
    .map(({ method, path: to, version, headers, token, authorized, honest, body: content }) => {
      const more = [
        'host: localhost',
        'connection: close',
        ...(honest ? [`content-length: ${Buffer.byteLength(content)}`] : []),
        ...(authorized ? [`authorization: Bearer ${token}`] : []),
      ];
      const head = [`${method} ${to} ${version}`, ...more, ...headers].join('\r\n');
      return { method, bytes: Buffer.from(`${head}\r\n\r\n${content}`) };
    });
}

/** A call as a route wants it, or nearly. */
function routeCall(tokens: readonly string[]): fc.Arbitrary<{ method: string; bytes: Buffer }> {
  const names = Object.keys(routes) as (keyof typeof routes)[];
  return fc.constantFrom(...names).chain((name) =>
    fc
      .record({
        parameter: fc.constantFrom('alice', 'nobody', '1', '%2e%2e%2f%2e%2e', "1'%20or%20'1'='1", '9'.repeat(20)),
        token: fc.constantFrom(...tokens),
        content: fitting[name]?.map((value) => JSON.stringify(value)) ?? fc.constant(''),
      })
      .map(({ parameter, token, content }) => {
        const { method, path: to } = routes[name];
        const head = [
          `${method} ${to.replace(/\{\w+\}/, parameter)} HTTP/1.1`,
          'host: localhost',
          'connection: close',
          'content-type: application/json',
          `content-length: ${Buffer.byteLength(content)}`,
          `authorization: Bearer ${token}`,
        ].join('\r\n');
        return { method, bytes: Buffer.from(`${head}\r\n\r\n${content}`) };
      }),
  );
}

const upgradeHeaders = [
  'host: localhost',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** A handshake that is mostly right, and frames that mostly are not; sometimes of somebody who has signed in. */
function conversationOf(token: string): fc.Arbitrary<{ method: string; bytes: Buffer }> {
  const helloBytes = textFrame(JSON.stringify({ type: 'hello', token }));
  return fc
    .record({
      handshake: fc.oneof(
        { weight: 6, arbitrary: fc.constant(upgradeHeaders) },
        { weight: 1, arbitrary: spoilt(upgradeHeaders) },
      ),
      path: fc.oneof(
        { weight: 8, arbitrary: fc.constant('/v1/socket') },
        { weight: 1, arbitrary: fc.constantFrom('/v1/socket?x=1', '/v1/users', '/') },
      ),
      signedIn: fc.boolean(),
      frames: fc.array(anyFrame, { maxLength: 40, size: 'max' }),
    })
    .map(({ handshake, path: to, signedIn, frames }) => ({
      method: 'GET',
      bytes: Buffer.concat([
        Buffer.from(`${[`GET ${to} HTTP/1.1`, ...handshake].join('\r\n')}\r\n\r\n`),
        ...(signedIn ? [helloBytes] : []),
        ...frames,
      ]),
    }));
}

/** One header said in another way. Not just left out: without `connection` it would be a request whose connection is kept. */
function spoilt(headers: readonly string[]): fc.Arbitrary<readonly string[]> {
  const instead = fc.constantFrom(
    'connection: close',
    'sec-websocket-version: 7',
    'sec-websocket-key: short',
    'sec-websocket-extensions: ;;',
  );
  return fc
    .tuple(fc.nat({ max: headers.length - 1 }), instead)
    .map(([at, other]) => [
      ...headers.toSpliced(at, 1, other),
      ...(at === 1 && other !== 'connection: close' ? ['connection: close'] : []),
    ]);
}

const anyText = fc.oneof(
  { weight: 4, arbitrary: validFrame.map((frame) => JSON.stringify(frame)) },
  { weight: 4, arbitrary: mutatedFrame.map((frame) => JSON.stringify(frame)) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '{', '['.repeat(30_000), '{"type":"hello"}', `{"type":"${'t'.repeat(70_000)}"}`),
  },
  { weight: 1, arbitrary: line },
);
const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 12, arbitrary: anyText.map((text) => textFrame(text)) },
  {
    weight: 2,
    arbitrary: fc
      .record(
        {
          opcode: fc.integer({ min: 0, max: 15 }),
          body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
          final: fc.boolean(),
          masked: fc.boolean(),
          reserved: fc.constantFrom(0, 0, 0, 4, 7),
          length: fc.constantFrom(0, 10, 125, 126, 65_535, 65_537, 2 ** 40),
        },
        { requiredKeys: ['opcode', 'body'] },
      )
      .map((frame) => frameBytes(frame)),
  },
  { weight: 1, arbitrary: fc.constantFrom(...closings()) },
);

function textFrame(text: string): Buffer {
  return frameBytes({ opcode: 1, body: Buffer.from(text) });
}

function closings(): readonly Buffer[] {
  return [[], [3], [3, 232], [0, 0], [255, 255]].map((body) => frameBytes({ opcode: 8, body: Buffer.from(body) }));
}
