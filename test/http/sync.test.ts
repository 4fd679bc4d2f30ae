import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '#runtime';
import { type Box, openBox } from './box.ts';

let box: Box;
const asked = vi.fn<(...words: unknown[]) => unknown>();
beforeEach(async () => {
  asked.mockReset();
  const totals = { sent: 3, sentBytes: 300, lost: 0, lostBytes: 0, dropped: 0, givenUp: 0 };
  const office = {
    ...({ name: 'office', kind: 'hub', phase: 'waiting', ...totals } as const),
    waiting: [{ kind: 'alert' as const, items: 1, bytes: 2 }],
    why: 'line is down',
    lastError: { message: 'line is down', atMs: 5 },
  };
  box = await openBox({
    commandLinks: () => [{ hub: 'office', connected: false, lastError: 'the hub answered 401' }],
    sync: {
      status: () => [office],
      pause: (...words) => void asked('pause', ...words),
      resume: (...words) => void asked('resume', ...words),
      now: (...words) => void asked('now', ...words),
      request: async (request) => {
        asked('request', request);
        if (request.target === 'none') throw new Fault('not_found', 'target: there is none called none');
        return ['office'];
      },
    },
  });
});
afterEach(() => box[Symbol.asyncDispose]());

describe('sync over HTTP', () => {
  it('shows how the targets do', async () => {
    expect((await box.call('GET', '/v1/control/sync')).data.targets).toMatchObject([
      { name: 'office', phase: 'waiting', sent_bytes: 300, last_error: { message: 'line is down', at_ms: 5 } },
    ]);
    expect((await box.call('GET', '/v1/control/sync')).data.commands).toEqual([
      { hub: 'office', connected: false, last_error: 'the hub answered 401' },
    ]);
    expect((await box.call('GET', '/v1/control/status')).data.attention).toContainEqual(
      expect.objectContaining({ what: 'target "office": line is down' }),
    );
  });

  it('pauses, resumes and hurries one or all', async () => {
    await box.call('POST', '/v1/control/sync/pause', { target: 'office' });
    await box.call('POST', '/v1/control/sync/pause');
    await box.call('POST', '/v1/control/sync/resume', { target: 'office' });
    await box.call('POST', '/v1/control/sync/now');
    expect(asked.mock.calls).toEqual([
      ['pause', 'office', 'key "test"'],
      ['pause', undefined, 'key "test"'],
      ['resume', 'office'],
      ['now', undefined],
    ]);
  });

  it('sends a stretch on demand, and says where', async () => {
    const wanted = { stream: 'rts-1', start: 1000, end: '1060.5' };
    expect((await box.call('POST', '/v1/control/sync/request', wanted)).data).toEqual({ targets: ['office'] });
    const stretch = { streamId: 'rts-1', fromMs: 1_000_000, toMs: 1_060_500, by: 'key "test"' };
    expect(asked.mock.calls).toEqual([['request', stretch]]);
    expect((await box.call('POST', '/v1/control/sync/request', { ...wanted, target: 'none' })).status).toBe(404);
    expect((await box.call('POST', '/v1/control/sync/request', { stream: 'rts-1' })).status).toBe(400);
    expect(box.store.audit.list({ limit: 9 }).map(({ result, detail }) => [result, detail])).toContainEqual([
      'done',
      'rts-1 1970-01-01T00:16:40.000Z to 1970-01-01T00:17:40.500Z',
    ]);
  });
});
