import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { Delivery, webhookPayload } from '#delivery';
import type { Delivery as Sent } from '#domain';
import { createLog } from '#runtime';
import type { Store } from '#store';
import { anArmedCamera, openStore, quiet } from '../store/fixture.ts';
import { fire, hastyClock, links, nobody, ok, receiver, streamName } from './fixture.ts';

const webhook = (target: string) => ({ channel: 'webhook' as const, target });
const soon = (check: () => void) => vi.waitFor(check, 20_000);

const NEVER = Number.MAX_SAFE_INTEGER;
const signal = new AbortController().signal;

function delivering(store: Store, log = quiet): Promise<Delivery> {
  return Delivery.start({ store, links, clock: hastyClock(), log, streamName }, signal);
}

const pending = (store: Store): Sent[] => store.deliveries.due(NEVER, 1000).sort((a, b) => a.id - b.id);

describe('webhookPayload', () => {
  it("has VideoDB's shape and no key event", async () => {
    await using at = await openStore();
    const { alert, stream, index } = anArmedCamera(at.store);
    const firing = fire(at.store, alert);
    expect(webhookPayload(firing, links, streamName)).toEqual({
      event_id: alert.eventId,
      label: 'person-at-gate',
      confidence: 0.9123,
      explanation: 'A person was in the zone gate.',
      timestamp: new Date(firing.atMs).toISOString(),
      start_time: firing.startMs / 1000,
      end_time: firing.endMs / 1000,
      stream_url: `http://box/hls/${firing.id}.m3u8`,
      player_url: `http://box/watch?v=${firing.id}`,
      firing_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      alert_id: alert.id,
      rtstream_id: stream.id,
      rtstream_name: 'Front door',
      scene_index_id: index.id,
    });
  });
});

describe('webhooks', () => {
  it('are tried again until the receiver says 2xx, with the same key for the same firing', async () => {
    await using at = await openStore();
    await using hook = await receiver((response, nth) => void response.writeHead(nth < 3 ? 500 : 200).end('thanks'));
    const { alert } = anArmedCamera(at.store);
    await using delivery = await delivering(at.store);
    const firing = fire(at.store, alert, webhook(hook.url));
    await soon(() => expect(delivery.status()).toEqual({ backlog: [], delivered: { mqtt: 0, webhook: 1 } }));
    expect(hook.posted.map(({ headers }) => headers['idempotency-key'])).toEqual([firing.id, firing.id, firing.id]);
    expect(hook.posted[2]?.headers['content-type']).toBe('application/json');
    expect(hook.posted[2]?.body).toEqual(webhookPayload(firing, links, streamName));
  });

  it('wait for a receiver that is not there yet, and for the next life', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    const away = await nobody();
    for (let i = 0; i < 3; i += 1) fire(at.store, alert, webhook(away.url));
    {
      await using _first = await delivering(at.store);
      await soon(() => {
        const [first] = pending(at.store).filter(({ lastError }) => lastError !== undefined);
        expect(first).toMatchObject({ lastError: 'no connection (ECONNREFUSED)', attempts: 0 });
      });
    }
    const fired = pending(at.store).map(({ firingId }) => firingId);
    await using back = await receiver(ok, away.port);
    await using _second = await delivering(at.store);
    await soon(() => expect(pending(at.store)).toEqual([]));
    expect(back.posted.map(({ headers }) => headers['idempotency-key'])).toEqual(fired);
  });

  it('to others are not delayed by a receiver that never answers, and stopping burns no attempt', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    await using silent = await receiver(() => undefined);
    await using hook = await receiver(ok);
    for (let i = 0; i < 300; i += 1) fire(at.store, alert, webhook(silent.url));
    {
      await using _delivery = await delivering(at.store);
      await soon(() => expect(silent.posted).toHaveLength(1));
      for (let i = 0; i < 5; i += 1) fire(at.store, alert, webhook(hook.url));
      await soon(() => expect(hook.posted).toHaveLength(5));
      await soon(() => expect(pending(at.store)).toHaveLength(300));
      expect(silent.posted).toHaveLength(1);
    }
    expect(pending(at.store)).toHaveLength(300);
    expect(pending(at.store).every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it('go to eight receivers at once, and to each one at a time', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    const open: ServerResponse[] = [];
    const hooks = await Promise.all(Array.from({ length: 10 }, () => receiver((response) => void open.push(response))));
    for (const { url } of hooks) for (let i = 0; i < 2; i += 1) fire(at.store, alert, webhook(url));
    await using delivery = await delivering(at.store);
    await soon(() => expect(open).toHaveLength(8));
    expect(hooks.map(({ posted }) => posted.length).sort((a, b) => a - b)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    const answering = setInterval(() => open.splice(0).forEach(ok), 5);
    await soon(() => expect(delivery.status().backlog).toEqual([]));
    clearInterval(answering);
    expect(hooks.every(({ posted }) => posted.length === 2)).toBe(true);
    for (const hook of hooks) await hook[Symbol.asyncDispose]();
  });

  it('follow no redirect, not even on the same host', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    await using hook = await receiver((response) => void response.writeHead(308, { location: '/new' }).end());
    fire(at.store, alert, webhook(hook.url));
    await using _delivery = await delivering(at.store);
    await soon(() => expect(hook.posted.length).toBeGreaterThan(1));
    expect(new Set(hook.posted.map(({ path }) => path))).toEqual(new Set(['/hook']));
    expect(pending(at.store)).toMatchObject([
      { lastError: 'the receiver redirects (308), which is not followed', attempts: expect.any(Number) },
    ]);
  });

  it('show credentials to the receiver only', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    await using hook = await receiver((response) => void response.writeHead(401).end());
    const written = new PassThrough({ encoding: 'utf8' });
    const log = createLog('trace', written);
    await using _delivery = await delivering(at.store, log);
    fire(at.store, alert, webhook(`${hook.url.replace('//', '//us%40er:canary@')}?token=canary`));
    fire(at.store, alert, webhook('ftp://user:canary@127.0.0.1/canary'));
    await soon(() => expect(pending(at.store).every(({ attempts }) => attempts > 0)).toBe(true));
    expect(hook.posted[0]?.headers.authorization).toBe(`Basic ${Buffer.from('us@er:canary').toString('base64')}`);
    const errors = pending(at.store).map(({ lastError }) => lastError);
    expect(errors).toEqual(
      expect.arrayContaining(['the receiver answered 401', expect.stringContaining('callback_url')]),
    );
    const lines = String(written.read());
    expect(lines).toContain('webhook not delivered');
    expect(lines + errors.join()).not.toContain('canary');
  });
});
