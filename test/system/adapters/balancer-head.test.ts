import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHead } from '../../../src/system/adapters/balancer-head.ts';

const bytesMax = 1024;
const good = 'GET /v1/socket?x=1 HTTP/1.1\r\nhost: nawaab\r\nupgrade: websocket\r\n\r\n';

describe('the head of a request', () => {
  it('is known only when it is complete, wherever it is cut', () => {
    for (let cut = 1; cut < good.length; cut++) expect(parseHead(good.slice(0, cut), bytesMax).kind).toBe('incomplete');
    expect(parseHead(good, bytesMax)).toMatchObject({ kind: 'request', method: 'GET', path: '/v1/socket' });
  });

  it('of a browser makes its request the only one of the connection, but leaves a WebSocket alone', () => {
    const forwarded = (lines: readonly string[]) => {
      const head = parseHead(['GET /v1/x HTTP/1.1', ...lines, '', ''].join('\r\n'), bytesMax);
      if (head.kind !== 'request') throw new Error(`refused: ${head.kind}`);
      return head.forward('192.0.2.7').toString('latin1').split('\r\n').slice(1, -2);
    };
    const own = 'x-forwarded-for: 192.0.2.7';
    expect(forwarded(['Connection: keep-alive', 'Sec-Fetch-Mode: cors'])).toEqual([
      'Sec-Fetch-Mode: cors',
      own,
      'connection: close',
    ]);
    const socket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-Fetch-Mode: websocket'];
    expect(forwarded(socket)).toEqual([...socket, own]);
    expect(forwarded(['Connection: keep-alive'])).toEqual(['Connection: keep-alive', own]);
  });

  it('is passed on as it came, with everything behind it, but names the real client and nobody else', () => {
    const header = fc.tuple(
      fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,12}$/).filter((name) => !/^x-forwarded-for$/i.test(name)),
      fc.stringMatching(/^[ -~]{0,20}$/),
    );
    const spoof = fc.tuple(
      fc.mixedCase(fc.constant('x-forwarded-for')),
      fc.constantFrom('10.0.0.1', '', '1.1.1.1, 2.2.2.2'),
    );
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    fc.assert(
      fc.property(fc.array(header), fc.array(spoof), body, (headers, spoofs, behind) => {
        const line = ([name, value]: readonly [string, string]) => `${name}:${value}`;
        const first = 'POST /v1/users HTTP/1.1';
        const lines = [...spoofs.slice(1).map(line), ...headers.map(line), ...spoofs.slice(0, 1).map(line)];
        const head = parseHead(`${[first, ...lines].join('\r\n')}\r\n\r\n${behind}`, 64 * 1024);
        if (head.kind !== 'request') throw new Error(`refused: ${head.kind}`);
        const expected = `${[first, ...headers.map(line), 'x-forwarded-for: 192.0.2.7'].join('\r\n')}\r\n\r\n${behind}`;
        expect(head.forward('192.0.2.7').toString('latin1')).toBe(expected);
      }),
    );
  });

  it.each([
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01'],
    ['noise', '\xff\xfe\x00\x01'],
    ['lower case', 'get / HTTP/1.1\r\n\r\n'],
    ['an empty line first', '\r\nGET / HTTP/1.1\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['a blank in the target', 'GET /a b HTTP/1.1\r\n\r\n'],
    ['a line without a colon', 'GET / HTTP/1.1\r\nhost\r\n\r\n'],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nx-forwarded-for : 1\r\n\r\n'],
    ['a folded line', 'GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n'],
    ['a bare line feed that hides a header', 'GET / HTTP/1.1\r\na: b\nx-forwarded-for: 1\r\n\r\n'],
    ['a bare carriage return', 'GET / HTTP/1.1\r\na: b\rx-forwarded-for: 1\r\n\r\n'],
    ['a null byte', 'GET / HTTP/1.1\r\na: \0\r\n\r\n'],
  ])('is refused for %s', (_what, text) => {
    expect(parseHead(text, bytesMax).kind).toBe('malformed');
  });

  it('is refused when it is too long, complete or not', () => {
    const long = `GET / HTTP/1.1\r\na: ${'b'.repeat(bytesMax)}`;
    expect(parseHead(long, bytesMax).kind).toBe('tooLarge');
    expect(parseHead(`${long}\r\n\r\n`, bytesMax).kind).toBe('tooLarge');
    expect(parseHead(`GET / HTTP/1.1\r\n\r\n${'b'.repeat(2 * bytesMax)}`, bytesMax).kind).toBe('request');
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(parseHead(Buffer.from(bytes).toString('latin1'), 100).kind).toMatch(
          /^(incomplete|malformed|tooLarge|request)$/,
        );
      }),
    );
  });
});
