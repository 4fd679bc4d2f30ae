import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { Poster } from '#delivery';
import { systemClock } from '#runtime';
import { mayPostTo } from '../../src/delivery/addresses.ts';
import { secretText } from '../../src/delivery/signature.ts';
import { hastyClock, ok, receiver } from './fixture.ts';

const signal = new AbortController().signal;
const secret = Buffer.alloc(32, 7);
const store = { webhookSecrets: { valid: () => [secret] } };

/** Names lead where the test says, one answer after the other; the last one stays. */
function names(...answers: string[][]) {
  let asked = 0;
  const resolve = (_host: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { resolve, asked: () => asked };
}

describe('signatures', () => {
  it('are right for a receiver that knows nothing but the secret and the message', async () => {
    await using hook = await receiver(ok);
    await using poster = new Poster({ store, clock: systemClock });
    await poster.send(hook.url, { text: 'Tür — 門' }, 'f-1', signal);
    const { headers, text } = hook.posted[0] ?? { headers: {}, text: '' };
    const header = (name: string): string => String(Object(headers)[name]);

    const key = Buffer.from(secretText(secret).slice('whsec_'.length), 'base64');
    const signedText = `${header('webhook-id')}.${header('webhook-timestamp')}.${text}`;
    const genuine = `v1,${createHmac('sha256', key).update(signedText).digest('base64')}`;
    const fresh = Math.abs(Date.now() / 1000 - Number(header('webhook-timestamp'))) < 300;
    expect(fresh && header('webhook-signature').split(' ').includes(genuine)).toBe(true);

    expect(header('webhook-id')).toBe('f-1');
    expect(header('idempotency-key')).toBe('f-1');
  });
});

describe('addresses', () => {
  it.each(['169.254.169.254', '0.0.0.0', 'fe80::1', '::', '::ffff:169.254.1.1', '224.0.0.1', 'fd00:ec2::254'])(
    'never %s',
    (address) => expect(mayPostTo(address)).toBe(false),
  );
  it.each(['127.0.0.1', '192.168.1.5', '10.0.0.1', '::1', 'fd12::1', '8.8.8.8', '::ffff:10.0.0.1'])(
    'gladly %s',
    (address) => expect(mayPostTo(address)).toBe(true),
  );

  it.each([
    'http://169.254.169.254/',
    'http://[fe80::1]/',
    'http://0/',
    'http://0xa9fea9fe/',
    'http://[::ffff:a9fe:a9fe]/',
  ])('are refused however they are written: %s', async (url) => {
    await using poster = new Poster({ store, clock: systemClock });
    expect(await poster.send(url, {}, 'f', signal)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('link-local'),
    });
  });

  it('are looked at as the connection is made: a name that leads elsewhere then gets nothing', async () => {
    await using hook = await receiver((response) => void response.writeHead(200, { connection: 'close' }).end());
    const rebinding = names(['127.0.0.1'], ['169.254.169.254']);
    await using poster = new Poster({ store, clock: systemClock, resolve: rebinding.resolve });
    const url = `http://receiver.example:${hook.port}/`;
    expect(await poster.send(url, {}, 'f', signal)).toEqual({ kind: 'delivered', status: 200 });
    expect(await poster.send(url, {}, 'f', signal)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('link-local'),
    });
    expect(rebinding.asked()).toBe(2);
    expect(hook.posted).toHaveLength(1);
  });

  it('of a name that may not be posted to are left out beside one that may', async () => {
    await using hook = await receiver(ok);
    const { resolve } = names(['169.254.169.254', 'fe80::1', '127.0.0.1']);
    await using poster = new Poster({ store, clock: systemClock, resolve });
    const outcome = await poster.send(`http://receiver.example:${hook.port}/`, {}, 'f', signal);
    expect(outcome).toEqual({ kind: 'delivered', status: 204 });
  });
});

describe('outcomes', () => {
  it.each([
    [301, 'refused', 'the receiver redirects (301), which is not followed'],
    [404, 'refused', 'the receiver answered 404'],
    [500, 'refused', 'the receiver answered 500'],
    [429, 'away', 'the receiver answered 429'],
    [502, 'away', 'the receiver answered 502'],
  ])('%i: %s', async (status, kind, reason) => {
    await using hook = await receiver((response) => void response.writeHead(status, { location: '/' }).end());
    await using poster = new Poster({ store, clock: systemClock });
    expect(await poster.send(hook.url, {}, 'f', signal)).toEqual({ kind, reason, status });
    expect(hook.posted).toHaveLength(1);
    await expect(poster.post(hook.url, {}, 'f', signal)).rejects.toMatchObject({
      kind: 'unavailable',
      message: reason,
    });
  });

  it('tell for how long a receiver wants to be left alone, an hour at most', async () => {
    const clock = hastyClock(0);
    const inAMinute = new Date(clock.nowMs() + 60_000).toUTCString();
    const waits = ['7', inAMinute, '999999', 'Thu, 01 Jan 1970 00:00:00 GMT', 'soon'];
    await using hook = await receiver((response, nth) => {
      response.writeHead(503, { 'retry-after': waits[nth - 1] ?? '' }).end();
    });
    await using poster = new Poster({ store, clock });
    const pauses: unknown[] = [];
    for (const _ of waits) {
      const outcome = await poster.send(hook.url, {}, 'f', signal);
      pauses.push('pauseMs' in outcome ? outcome.pauseMs : undefined);
    }
    expect(pauses).toEqual([7000, 60_000, 3_600_000, 0, undefined]);
  });

  it('throw only what the one who waits was stopped with', async () => {
    await using hook = await receiver(() => undefined);
    await using poster = new Poster({ store, clock: systemClock });
    const stop = new AbortController();
    const sending = poster.send(hook.url, {}, 'f', stop.signal);
    const stopped = new Error('stopped');
    stop.abort(stopped);
    await expect(sending).rejects.toBe(stopped);
  });
});
