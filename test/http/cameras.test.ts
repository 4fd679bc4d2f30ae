import { expect, it } from 'vitest';
import { freePort } from '../e2e/support/ports.ts';
import { addStream, openBox } from './box.ts';

const CAMERAS = '/v1/control/cameras';

it('adds, changes and removes a camera', async () => {
  await using box = await openBox();
  const wish = { name: 'Gate', url: 'rtsp://u:canary@10.0.0.9/1', substream_url: 'rtsp://10.0.0.9/2' };
  const made = await box.call('POST', CAMERAS, wish);
  expect(made).toMatchObject({ status: 201, data: { name: 'Gate', status: 'connected' } });
  expect(JSON.stringify(made)).not.toContain('canary');
  const { id } = made.data;
  expect(box.store.streams.get(id)).toMatchObject({ url: wish.url, substreamUrl: wish.substream_url, origin: 'api' });
  const change = { name: 'Yard', transport: 'udp', substream_url: '', connected: false };
  expect((await box.call('PATCH', `${CAMERAS}/${id}`, change)).data).toMatchObject({ name: 'Yard', status: 'stopped' });
  expect(box.store.streams.get(id)).toMatchObject({ transport: 'udp', url: wish.url });
  expect(box.store.streams.get(id)?.substreamUrl).toBeUndefined();
  expect(box.live.reconciled).toBe(2);
  expect((await box.call('DELETE', `${CAMERAS}/${id}`)).data).toEqual({ recordings: 'kept' });
  expect(box.store.streams.get(id)?.wanted).toBe('stopped');
  expect((await box.call('DELETE', `${CAMERAS}/${id}?delete_recordings=true`)).data).toEqual({ recordings: 'deleted' });
  expect(await box.call('DELETE', `${CAMERAS}/${id}`)).toMatchObject({ status: 404 });
});

it('changes a camera of the configuration there, and takes it out of it', async () => {
  await using box = await openBox();
  const { configuration } = box.deps;
  await configuration.apply({ patch: { cameras: { yard: { url: 'rtsp://10.0.0.9/1' } } } }, 'a test');
  const { id } = addStream(box.store, { name: 'yard', origin: 'config' });
  expect(await box.call('PATCH', `${CAMERAS}/${id}`, { name: 'other' })).toMatchObject({ status: 409 });
  expect(await box.call('PATCH', `${CAMERAS}/${id}`, { url: 'gopher://h' })).toMatchObject({
    status: 400,
    message: expect.stringContaining('cameras[yard].url: must begin with'),
  });
  await box.call('PATCH', `${CAMERAS}/${id}`, { transport: 'udp', substream_url: 'rtsp://10.0.0.9/2' });
  expect(configuration.view().config).toMatchObject({ cameras: [{ name: 'yard', transport: 'udp' }] });
  await box.call('DELETE', `${CAMERAS}/${id}`);
  expect(configuration.view().config).toMatchObject({ cameras: [] });
  expect(box.store.streams.get(id)?.wanted).toBe('stopped');
  expect(configuration.history()[0]).toMatchObject({ by: 'key "test"', changed: ['cameras[yard]'] });
});

it('refuses what can’t be: another box’s camera, an address of no camera', async () => {
  await using box = await openBox();
  const { id } = addStream(box.store, { origin: 'edge', boxId: 'box-0123456789abcdef' });
  for (const method of ['PATCH', 'DELETE']) {
    const answer = await box.call(method, `${CAMERAS}/${id}`, method === 'PATCH' ? { connected: false } : undefined);
    expect(answer).toMatchObject({ status: 409, message: expect.stringContaining('belongs to the box') });
  }
  const wrong = { name: 'x', url: 'file:///etc/passwd' };
  expect(await box.call('POST', CAMERAS, wrong)).toMatchObject({ status: 400 });
  expect(await box.call('POST', CAMERAS, { ...wrong, url: 'rtsp://h/1', substream_url: wrong.url })).toMatchObject({
    status: 400,
  });
  expect(box.store.streams.list({ own: true }).count).toBe(0);
});

it('tries a camera without adding it, and says why it does not answer without its password', async () => {
  await using box = await openBox();
  const PROBE = `${CAMERAS}/probe`;
  expect(await box.call('POST', PROBE, { url: 'gopher://h/1' })).toMatchObject({
    status: 400,
    message: expect.stringContaining('url must begin with'),
  });
  expect((await box.call('POST', PROBE, { url: 'file:///etc/passwd' })).status).toBe(400);
  const port = await freePort();
  const refused = await box.call('POST', PROBE, { url: `rtsp://u:canary@127.0.0.1:${port}/1` });
  expect(refused).toMatchObject({
    status: 200,
    success: false,
    message: expect.stringContaining(`the camera at 127.0.0.1:${port} refused the connection`),
  });
  expect(JSON.stringify(refused)).not.toContain('canary');
  expect(box.store.streams.list({}).count).toBe(0);
});

it('looks for cameras once, however many ask for it', async () => {
  let searches = 0;
  const found = [{ address: '10.0.0.9', name: 'Front Door' }];
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  await using box = await openBox({
    discover: async () => {
      searches += 1;
      await ended;
      return found;
    },
  });
  const asked = [1, 2].map(() => box.call('POST', `${CAMERAS}/discover`));
  // Both have come in by the time that a later question is answered.
  await box.call('GET', '/v1/control/keys');
  end();
  expect((await Promise.all(asked)).map(({ data }) => data)).toEqual([{ cameras: found }, { cameras: found }]);
  expect(searches).toBe(1);
  expect((await box.call('POST', `${CAMERAS}/discover`)).data).toEqual({ cameras: found });
  expect(searches).toBe(2);
});
