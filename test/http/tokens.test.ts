import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Signer } from '#domain';
import { SessionTokens } from '#http';
import { standingClock } from '../store/fixture.ts';
import { type Box, openBox } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

const path = '/capture/session/token';
const as = (token: string) => ({ 'x-access-token': token });

describe('POST /capture/session/token', () => {
  it('makes a token for a day, or for as long as asked', async () => {
    const nowS = Date.now() / 1000;
    const { data } = await box.call('POST', path);
    expect(data).toEqual({
      token: expect.stringMatching(/^st-[\w-]+\.[\w-]+$/),
      expires_at: expect.any(Number),
      expires_in: 86_400,
    });
    expect(Math.abs(data.expires_at - nowS - 86_400)).toBeLessThan(30);
    expect((await box.call('POST', path, { expires_in: '600', user_id: 'u-1' })).data.expires_in).toBe(600);
    expect((await box.call('POST', path, { expires_in: null })).data.expires_in).toBe(86_400);
  });

  it.each([59, 604_801, 0, -5, 'soon', 90.5, true])('refuses %j seconds', async (seconds) => {
    expect(await box.call('POST', path, { expires_in: seconds })).toMatchObject({
      status: 400,
      message: expect.stringContaining('expires_in'),
    });
  });

  it('needs an API key: a token makes no token', async () => {
    const { data } = await box.call('POST', path);
    expect(await box.call('POST', path, {}, as(data.token))).toMatchObject({ status: 403, error_code: 'forbidden' });
    expect((await box.call('POST', path, {}, as('sk-wrong'))).status).toBe(401);
  });
});

describe('POST /capture/session/token/revoke', () => {
  const revoke = `${path}/revoke`;
  const opens = async (token: string) =>
    (await box.call('GET', '/collection/default/websocket', undefined, as(token))).status === 200;

  it('ends one and no other, any number of times', async () => {
    const [one, other] = [box.deps.tokens.issue(1, 600).token, box.deps.tokens.issue(1, 600).token];
    expect((await box.call('POST', revoke, { token: one })).status).toBe(200);
    expect((await box.call('POST', revoke, { token: one })).status).toBe(200);
    expect([await opens(one), await opens(other)]).toEqual([false, true]);
  });

  it('is open to the token itself, for itself', async () => {
    const [one, other] = [box.deps.tokens.issue(1, 600).token, box.deps.tokens.issue(1, 600).token];
    expect(await box.call('POST', revoke, { token: other }, as(one))).toMatchObject({ status: 403 });
    expect((await box.call('POST', revoke, {}, as(one))).status).toBe(200);
    expect([await opens(one), await opens(other)]).toEqual([false, true]);
  });

  it.each([[{}], [{ token: 'sk-right' }], [{ token: 'st-x.y' }]])('takes no %j', async (body) => {
    expect(await box.call('POST', revoke, body)).toMatchObject({ status: 400, error_code: 'invalid' });
  });
});

describe('a session token', () => {
  it('opens live events and capture, and nothing else', async () => {
    const { token } = box.deps.tokens.issue(1, 600);
    const status = async (method: string, path: string) =>
      (await box.app.request(`http://box${path}`, { method, headers: as(token) })).status;
    expect(await status('GET', '/collection/default/websocket')).toBe(200);
    expect(await status('GET', '//collection/default/websocket/')).toBe(200);
    expect(await status('GET', '/collection/default')).toBe(200);
    for (const path of [
      '/collection',
      '/collection/default/upload_url',
      '/rtstream',
      '/v1/status',
      '/v1/live',
      '/metrics',
    ]) {
      expect(await status('GET', path), path).toBe(403);
    }
    expect(await status('DELETE', '/collection/c-1')).toBe(403);
    expect(await status('PATCH', '/collection/default')).toBe(403);
    expect(await status('GET', '/collection/default/capture/../../default/upload_url')).toBe(403);
    expect(await status('GET', '/rtstream/collection/default/websocket')).toBe(403);
    expect(await status('GET', '/v1/thumbs/1.jpg')).toBe(401);
  });

  it.each([
    ['altered', (token: string) => token.replace(/\.(.)/, (_, first) => (first === 'A' ? '.B' : '.A'))],
    ['of another purpose', () => `st-${new Signer(box.store.signingKey).sign('websocket', [1, Date.now() + 60_000])}`],
    ['of a key that is gone', () => box.deps.tokens.issue(99, 600).token],
    ['of another box', () => new SessionTokens(Buffer.alloc(32), box.deps.clock).issue(1, 600).token],
    ['without its beginning', (token: string) => token.slice(3)],
  ])('%s opens nothing', async (_, change) => {
    const headers = as(change(box.deps.tokens.issue(1, 600).token));
    const answer = await box.call('GET', '/collection/default/websocket', undefined, headers);
    expect(answer).toMatchObject({ status: 401, error_code: 'unauthorized' });
  });

  it('is said to have expired', async () => {
    const { token } = box.deps.tokens.issue(1, -1);
    const answer = await box.call('GET', '/collection/default/websocket', undefined, as(token));
    expect(answer).toMatchObject({ status: 401, message: expect.stringContaining('the session token has expired') });
  });

  it('ends at its time', () => {
    const clock = standingClock(1_700_000_000_500);
    const tokens = new SessionTokens(box.store.signingKey, clock);
    const { token, expiresMs } = tokens.issue(7, 60);
    expect(expiresMs).toBe(1_700_000_060_000);
    expect(tokens.verify(token)).toEqual({
      keyId: 7,
      sessionExpiresMs: expiresMs,
      tokenId: expect.stringMatching(/^[\w-]{12}$/),
    });
    clock.now = expiresMs - 1;
    expect(tokens.verify(token)).toBeDefined();
    clock.now = expiresMs;
    expect(tokens.verify(token)).toBeUndefined();
  });
});
