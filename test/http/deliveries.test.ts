import { createHmac } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { Delivery } from '#delivery';
import { systemClock } from '#runtime';
import { fire, links, ok, receiver, streamName } from '../delivery/fixture.ts';
import { anArmedCamera, NOON, quiet } from '../store/fixture.ts';
import { openBox } from './box.ts';

const soon = (check: () => Promise<void> | void) => vi.waitFor(check, 20_000);

/** A box whose webhooks go out. */
async function openSendingBox() {
  const hooks: { delivery?: Delivery } = {};
  const sending = () => {
    if (!hooks.delivery) throw new Error('not started yet');
    return hooks.delivery;
  };
  const delivery = {
    status: () => sending().status(),
    wake: () => sending().wake(),
    test: (...asked: Parameters<Delivery['test']>) => sending().test(...asked),
  };
  const box = await openBox({ delivery });
  const deps = { store: box.store, links, clock: systemClock, log: quiet, streamName };
  hooks.delivery = await Delivery.start(deps, new AbortController().signal);
  return {
    ...box,
    async [Symbol.asyncDispose]() {
      await sending()[Symbol.asyncDispose]();
      await box[Symbol.asyncDispose]();
    },
  };
}

it('a message that was given up is listed, and replayed it arrives under its old key', async () => {
  await using box = await openSendingBox();
  let status = 400;
  await using hook = await receiver((response) => void response.writeHead(status).end());
  const { alert, stream } = anArmedCamera(box.store);
  const firing = fire(box.store, alert, { channel: 'webhook', target: `${hook.url}?token=canary` });
  // What the receiver has said is noted after it has said it.
  const waiting = await vi.waitFor(async () => {
    const [one] = (await box.call('GET', '/v1/deliveries')).data.deliveries;
    expect(one.attempts).toBeGreaterThan(0);
    return one;
  }, 20_000);
  const tries = hook.posted.length;
  expect(waiting).toMatchObject({ state: 'waiting', target: hook.url, firing_id: firing.id, rtstream_id: stream.id });
  box.store.deliveries.giveUp(waiting.id, NOON);
  expect((await box.call('GET', '/v1/deliveries')).data.deliveries).toEqual([]);
  const { deliveries } = (await box.call('GET', '/v1/deliveries?state=dead')).data;
  expect(deliveries).toMatchObject([{ id: waiting.id, state: 'dead', dead_at: new Date(NOON).toISOString() }]);
  expect(JSON.stringify(deliveries)).not.toContain('canary');
  status = 200;
  const replayed = await box.call('POST', `/v1/deliveries/${waiting.id}/replay`);
  expect(replayed.data).toMatchObject({ id: waiting.id, state: 'waiting', attempts: 0 });
  await soon(async () => {
    const answer = await box.call('GET', '/v1/deliveries?state=delivered');
    expect(answer.data.deliveries).toMatchObject([{ id: waiting.id, state: 'delivered' }]);
  });
  expect(hook.posted.length).toBeGreaterThan(tries);
  expect(new Set(hook.posted.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([firing.id]));
});

it('lists page by page, and knows what is not there', async () => {
  await using box = await openBox();
  const { alert } = anArmedCamera(box.store);
  for (const target of ['http://a/', 'http://b/', 'nonsense']) fire(box.store, alert, { channel: 'webhook', target });
  const first = (await box.call('GET', '/v1/deliveries?limit=2')).data.deliveries;
  expect(first.map(({ target }: { target: string }) => target)).toEqual(['', 'http://b/']);
  const rest = await box.call('GET', `/v1/deliveries?limit=2&before=${first[1].id}`);
  expect(rest.data.deliveries).toMatchObject([{ target: 'http://a/' }]);
  for (const id of ['99', 'x', '1e3'])
    expect(await box.call('POST', `/v1/deliveries/${id}/replay`)).toMatchObject({ status: 404 });
  expect(await box.call('GET', '/v1/deliveries?state=lost')).toMatchObject({ status: 400 });
});

it('an address is tried out, and it is said what came of it', async () => {
  await using box = await openSendingBox();
  await using hook = await receiver((response, nth) => (nth === 1 ? ok(response) : void response.writeHead(418).end()));
  const test = (url: string) => box.call('POST', '/v1/webhooks/test', { url });
  expect((await test(hook.url)).data).toEqual({ delivered: true, status: 204, took_ms: expect.any(Number) });
  const [sent] = hook.posted;
  expect(sent?.body).toMatchObject({
    test: true,
    label: 'test',
    firing_id: sent?.headers['webhook-id'],
    confidence: 1,
  });
  expect((await test(hook.url)).data).toMatchObject({
    delivered: false,
    status: 418,
    reason: 'the receiver answered 418',
  });
  expect((await test('http://169.254.169.254/latest')).data).toMatchObject({
    delivered: false,
    reason: expect.stringContaining('link-local'),
  });
  expect(await test('ftp://box/')).toMatchObject({ status: 400, message: expect.stringContaining('url') });
  expect(box.store.firings.count()).toBe(0);
});

it('a new secret is shown once, and signs at once beside the one before', async () => {
  await using box = await openSendingBox();
  await using hook = await receiver(ok);
  const rotate = async (): Promise<string> => (await box.call('POST', '/v1/webhooks/secret')).data.secret;
  const secrets = [await rotate(), await rotate()];
  await box.call('POST', '/v1/webhooks/test', { url: hook.url });
  const [sent] = hook.posted;
  const headers = sent?.headers ?? {};
  const expected = secrets.map((secret) => {
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const about = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${sent?.text}`;
    return `v1,${createHmac('sha256', key).update(about).digest('base64')}`;
  });
  expect(headers['webhook-signature']).toBe(expected.reverse().join(' '));
  expect(new Set(secrets).size).toBe(2);
});
