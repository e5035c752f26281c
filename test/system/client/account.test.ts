import { describe, expect, it } from 'vitest';
import {
  changePassword,
  deleteAccount,
  findUser,
  listDevices,
  signIn,
  signOut,
  signOutDevice,
  signOutEverywhere,
  signUp,
} from '../../../src/system/client/account.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../src/system/ports.ts';
import type { DeviceId } from '../../../src/system/protocol/ids.ts';

/** A way to a server that answers everything alike and remembers what it was asked. */
function answering(answer: HttpResponse | Error) {
  const asked: HttpRequest[] = [];
  const transport: Transport = {
    request: async (request) => {
      asked.push(request);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    open: () => {
      throw new Error('Accounts need no socket.');
    },
  };
  return { asked, transport };
}

const json = (status: number, body: unknown): HttpResponse => ({ status, body: JSON.stringify(body) });
const ann = { name: 'ann', password: 'secret secret' };

describe('accounts', () => {
  it('are made and signed in to by the documented requests', async () => {
    const made = answering(json(201, { name: 'ann' }));
    expect(await signUp(made.transport, ann)).toEqual({ kind: 'ok', value: { name: 'ann' } });
    expect(made.asked).toEqual([{ method: 'POST', path: '/v1/users', body: JSON.stringify(ann) }]);

    const session = { name: 'ann', device: 3, token: 't', expiresAt: 9 };
    const signedIn = answering(json(201, session));
    expect(await signIn(signedIn.transport, { ...ann, device: 'phone' })).toEqual({ kind: 'ok', value: session });
    expect(signedIn.asked[0]).toMatchObject({ method: 'POST', path: '/v1/sessions' });
  });

  it('are signed out of and looked for with the token', async () => {
    const out = answering({ status: 204, body: '' });
    expect(await signOut(out.transport, 't')).toEqual({ kind: 'ok', value: null });
    expect(out.asked).toEqual([{ method: 'DELETE', path: '/v1/sessions', token: 't', body: '' }]);

    const found = answering(json(200, { name: 'Bob' }));
    expect(await findUser(found.transport, { name: 'a/b', token: 't' })).toEqual({
      kind: 'ok',
      value: { name: 'Bob' },
    });
    expect(found.asked[0]).toEqual({ method: 'GET', path: '/v1/users/a%2Fb', token: 't', body: '' });
  });

  it('are changed, listed and deleted with the token', async () => {
    const done = answering({ status: 204, body: '' });
    const { transport, asked } = done;
    await changePassword(transport, { token: 't', old: 'secret secret', new: 'other secret' });
    await signOutEverywhere(transport, 't');
    await signOutDevice(transport, { token: 't', device: 7 as DeviceId });
    expect(await deleteAccount(transport, { token: 't', password: 'other secret' })).toEqual({
      kind: 'ok',
      value: null,
    });
    expect(asked).toMatchObject([
      { method: 'PUT', path: '/v1/password', token: 't', body: '{"old":"secret secret","new":"other secret"}' },
      { method: 'DELETE', path: '/v1/sessions/all', token: 't', body: '' },
      { method: 'DELETE', path: '/v1/devices/7', token: 't', body: '' },
      { method: 'DELETE', path: '/v1/users/me', token: 't', body: '{"password":"other secret"}' },
    ]);
    const phone = { device: 7, label: 'phone', current: true, sessions: 1, signedInAt: 5, expiresAt: 9 };
    const list = answering(json(200, { devices: [phone] }));
    expect(await listDevices(list.transport, 't')).toEqual({ kind: 'ok', value: { devices: [phone] } });
    expect(list.asked).toMatchObject([{ method: 'GET', path: '/v1/devices', token: 't' }]);
  });

  it('tell what certainly did not happen, with the server’s reason', async () => {
    const { transport } = answering(json(429, { code: 'tooMany', definite: true, retryAfterMs: 5 }));
    expect(await signUp(transport, ann)).toEqual({ kind: 'refused', code: 'tooMany', definite: true, retryAfterMs: 5 });
  });

  it.each<[string, HttpResponse | Error]>([
    ['nobody answers', new Error('no answer within 30 ms')],
    ['a balancer finds no server', { status: 502, body: 'Bad gateway' }],
    ['the answer is not of the protocol', json(200, { nom: 'ann' })],
    ['the refusal is not of the protocol', json(500, { code: 'tea', definite: true })],
  ])('may have been made when %s', async (_, answer) => {
    const outcome = await signUp(answering(answer).transport, ann);
    expect(outcome).toMatchObject({ kind: 'unknown', definite: false, reason: expect.stringMatching(/\S/) });
  });
});
