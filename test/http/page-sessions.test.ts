/** Who signs in on the page: by key or one-time code, as a cookie; and what others can't do with it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashKey, Signer } from '#domain';
import { PageSessions } from '#http';
import { standingClock } from '../store/fixture.ts';
import { addStream, type Box, openBox } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

const FROM_PAGE = { 'x-watchpost-page': '1' };

async function send(method: string, path: string, headers: Record<string, string> = {}, body?: object) {
  const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  return box.app.request(`http://box${path}`, init);
}

/** What a browser sends back of what it was given. */
async function signIn(body: object): Promise<string> {
  const answer = await send('POST', '/v1/session', {}, body);
  expect(answer.status).toBe(200);
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const status = async (cookie: string) => (await send('GET', '/v1/status', { cookie })).status;

describe('a session of the page', () => {
  it('is a cookie that no script reads and no other site sends; over HTTPS it goes over nothing else', async () => {
    const plain = await send('POST', '/v1/session', {}, { key: 'sk-right' });
    const cookie = plain.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^watchpost-\w{8}=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/);
    const secure = await box.app.request('https://box/v1/session', {
      method: 'POST',
      body: JSON.stringify({ key: 'sk-right', remember: true }),
    });
    expect(secure.headers.get('set-cookie')).toMatch(/Max-Age=7776000;.* HttpOnly; Secure; SameSite=Strict$/);
  });

  it('opens what its key opens, until it signs out', async () => {
    const cookie = await signIn({ key: 'sk-right' });
    expect(await status(cookie)).toBe(200);
    expect((await (await send('GET', '/v1/session', { cookie })).json()).data).toEqual({ signed_in: true });
    const out = await send('DELETE', '/v1/session', { cookie, ...FROM_PAGE });
    expect(out.headers.get('set-cookie')).toMatch(/^watchpost-\w{8}=; Max-Age=0; Path=\/$/);
    expect((await (await send('GET', '/v1/session')).json()).data).toEqual({ signed_in: false });
  });

  it('shows pictures without a key in their address', async () => {
    const { id } = addStream(box.store);
    const cookie = await signIn({ key: 'sk-right' });
    const path = `/v1/streams/${id}/snapshot.jpg`;
    expect((await send('GET', path)).status).toBe(401);
    expect((await send('GET', path, { cookie })).status).not.toBe(401);
  });

  it('changes nothing for another site: what changes things must say that it comes from the page', async () => {
    const cookie = await signIn({ key: 'sk-right' });
    for (const [method, path] of [
      ['POST', '/collection'],
      ['DELETE', '/v1/holds/hold-1'],
    ] as const) {
      const answer = await send(method, path, { cookie });
      expect([answer.status, (await answer.json()).message]).toEqual([
        403,
        expect.stringMatching(/^x-watchpost-page: /),
      ]);
    }
    expect((await send('POST', '/collection', { cookie, ...FROM_PAGE }, { name: 'c', description: 'd' })).status).toBe(
      200,
    );
  });

  it('begins with a one-time code that whoever has a key gets for another machine, and opens as much as the key', async () => {
    box.store.keys.add(hashKey('sk-look'), 'look', ['read']);
    const answer = await send('POST', '/v1/session/code', {}, { key: 'sk-look' });
    const { code } = (await answer.json()).data;
    expect(code).toMatch(/^\d{4}-\d{4}$/);
    const cookie = await signIn({ code });
    expect(await status(cookie)).toBe(200);
    expect((await send('POST', '/collection', { cookie, ...FROM_PAGE }, { name: 'c', description: 'd' })).status).toBe(
      403,
    );
    expect((await send('POST', '/v1/session', {}, { code })).status).toBe(401);
  });

  it('is not begun by asking for codes with many keys', async () => {
    const ask = async () => (await send('POST', '/v1/session/code', {}, { key: 'sk-wrong' })).status;
    const answers = [];
    for (let n = 0; n < 31; n++) answers.push(await ask());
    expect([answers[0], answers[29], answers[30]]).toEqual([401, 401, 429]);
  });

  it('opens no more than its key: one for looking looks', async () => {
    box.store.keys.add(hashKey('sk-look'), 'look', ['read']);
    const cookie = await signIn({ key: 'sk-look' });
    expect(await status(cookie)).toBe(200);
    const answer = await send('POST', '/collection', { cookie, ...FROM_PAGE }, { name: 'c', description: 'd' });
    expect(answer.status).toBe(403);
  });

  it('is over with its time, with its key, and when somebody made it up', async () => {
    await using other = await openBox();
    const answer = await other.app.request('http://box/v1/session', {
      method: 'POST',
      body: JSON.stringify({ key: 'sk-right' }),
    });
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(await status(cookie)).toBe(401); // Of another box.
    const mine = await signIn({ key: 'sk-right' });
    const [name = '', value = ''] = mine.split('=');
    expect(await status(`${name}=${value}x`)).toBe(401);
    const old = new Signer(box.store.signingKey).sign('page', [1, Date.now() - 1]);
    expect(await status(`${name}=${old}`)).toBe(401);
    const token = new Signer(box.store.signingKey).sign('session', [1, Date.now() + 1e6]);
    expect(await status(`${name}=${token}`)).toBe(401);
    const [key] = box.store.keys.list();
    box.store.keys.revoke(key?.id ?? 0);
    expect(await status(mine)).toBe(401);
  });
});

describe('signing in', () => {
  it('refuses wrong keys and codes, and after many makes the address wait', async () => {
    const wrong = await send('POST', '/v1/session', {}, { key: 'sk-wrong' });
    expect([wrong.status, (await wrong.json()).message]).toEqual([401, expect.stringMatching(/^key: /)]);
    expect((await send('POST', '/v1/session', {}, {})).status).toBe(401);
    let answer = wrong;
    for (let n = 0; n < 30; n += 1) answer = await send('POST', '/v1/session', {}, { code: '0000-0000' });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await send('POST', '/v1/session', {}, { key: 'sk-right' })).status).toBe(200);
  });

  it('takes a code once, however it is written, and only for an hour', async () => {
    const [key] = box.store.keys.list();
    const code = box.deps.sessions.newCode(key?.id ?? 0);
    expect(code).toMatch(/^\d{4}-\d{4}$/);
    expect(await status(await signIn({ code: code.replace('-', ' ') }))).toBe(200);
    expect((await send('POST', '/v1/session', {}, { code })).status).toBe(401);
    const clock = standingClock(Date.now());
    const sessions = new PageSessions(box.store.signingKey, box.store.boxId, clock);
    const late = sessions.newCode(1);
    clock.now += 3_600_001;
    expect(sessions.redeem(late)).toBeUndefined();
  });

  it('ends a code that somebody guesses at', () => {
    const { sessions } = box.deps;
    const code = sessions.newCode(1);
    for (let n = 0; n < 10; n += 1) sessions.redeem(String(n).padStart(8, code.startsWith('0') ? '1' : '0'));
    expect(sessions.redeem(code)).toBeUndefined();
    expect(sessions.redeem(sessions.newCode(1))).toBe(1);
  });
});
