/** Streams that are sent to the box, as the API makes and shows them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashKey } from '#domain';
import { type Box, openBox } from './box.ts';

let box: Box;

beforeAll(async () => {
  box = await openBox();
});

afterAll(() => box[Symbol.asyncDispose]());

const create = (wish: object) => box.call('POST', '/rtstream', { name: 'desk', collection_id: 'default', ...wish });

describe('a stream that is sent', () => {
  it('is wished for as VideoDB’s connector does, or by an address that says so', async () => {
    const wishes: [object, protocol: string][] = [
      [{ ingest_mode: 'push', protocol: 'rtmp', timeout: 180, store: true }, 'rtmp'],
      [{ ingest_mode: 'push', url: null }, 'rtmp'],
      [{ ingest_mode: 'push', url: '', protocol: 'rtsp' }, 'rtsp'],
      [{ url: 'push:rtmp' }, 'rtmp'],
      [{ url: 'PUSH:rtsp', ingest_mode: 'pull' }, 'rtsp'],
    ];
    for (const [wish, protocol] of wishes) {
      const { status, data } = await create(wish);
      expect(status).toBe(201);
      expect(data).toMatchObject({ ingest_mode: 'push', protocol, status: 'connected' });
      const port = { rtmp: 1935, rtsp: 8554 }[protocol];
      expect(data.push_url).toMatch(new RegExp(`^${protocol}://[^/]+:${port}/${data.id}/[0-9a-f]{32}$`));
      expect((await box.call('GET', `/rtstream/${data.id}`)).data.push_url).toBe(data.push_url);
      expect(box.store.streams.get(data.id)).toMatchObject({ url: '', push: { protocol } });
    }
  });

  it('says what is wrong with a wish', async () => {
    const wishes: [object, says: string][] = [
      [{}, "url: must be the camera's address"],
      [{ ingest_mode: 'pull' }, "url: must be the camera's address"],
      [{ ingest_mode: 'push', url: 'rtsp://camera/1' }, 'url: must be left out'],
      [{ ingest_mode: 'push', protocol: 'srt' }, 'protocol: must be "rtmp" or "rtsp"'],
      [{ ingest_mode: 'both' }, 'ingest_mode: must be "pull" or "push"'],
      [{ url: 'push:srt' }, 'url: must be "push:rtmp" or "push:rtsp"'],
      [{ url: 'push:' }, 'url: must be "push:rtmp" or "push:rtsp"'],
    ];
    for (const [wish, says] of wishes) {
      const { status, message } = await create(wish);
      expect(status).toBe(400);
      expect(message).toContain(says);
    }
  });

  it('tells its address to those alone who may change it, and not in lists', async () => {
    const { id } = (await create({ url: 'push:rtmp' })).data;
    box.store.keys.add(hashKey('sk-reader'), 'reader', ['read']);
    const seen = await box.call('GET', `/rtstream/${id}`, undefined, { 'x-access-token': 'sk-reader' });
    expect(seen.data.ingest_mode).toBe('push');
    expect(seen.data).not.toHaveProperty('push_url');
    expect(
      (await box.call('GET', '/rtstream?limit=1000')).data.results.every((one: object) => !('push_url' in one)),
    ).toBe(true);
  });

  it('gets another key with the end of one that knew it, when that is wished', async () => {
    const { id, push_url: before } = (await create({ url: 'push:rtmp' })).data;
    const [knew, kept, reader] = ['knew', 'kept', 'looks'].map((label) =>
      box.store.keys.add(hashKey(`sk-${label}`), label, label === 'looks' ? ['read'] : ['all']),
    );
    const address = async () => (await box.call('GET', `/rtstream/${id}`)).data.push_url;
    expect((await box.call('DELETE', `/v1/control/keys/${reader}?renew_push=true`)).status).toBe(409);
    await box.call('DELETE', `/v1/control/keys/${kept}`);
    expect(await address()).toBe(before);
    await box.call('DELETE', `/v1/control/keys/${knew}?renew_push=true`);
    expect(await address()).not.toBe(before);
  });

  it('gets another key when asked, and no address', async () => {
    const { id, push_url: before } = (await create({ url: 'push:rtmp' })).data;
    const { data } = await box.call('POST', `/v1/streams/${id}/push-key`);
    expect(data.push_url).not.toBe(before);
    expect((await box.call('GET', `/rtstream/${id}`)).data.push_url).toBe(data.push_url);
    const moved = await box.call('PATCH', `/v1/control/cameras/${id}`, { url: 'rtsp://camera/1' });
    expect([moved.status, moved.message]).toEqual([400, expect.stringContaining('this camera sends to the box')]);
    const camera = (await create({ url: 'rtsp://camera/1' })).data;
    expect((await box.call('POST', `/v1/streams/${camera.id}/push-key`)).status).toBe(409);
  });
});
