import { expect, it } from 'vitest';
import { openBox } from './box.ts';

const CONFIG = '/v1/control/config';

it('shows, checks, changes and takes back the configuration', async () => {
  await using box = await openBox();
  const first = await box.call('GET', CONFIG);
  expect(first.data).toMatchObject({
    version: 1,
    config: { name: 'test box', recording: { segmentSeconds: 4 }, cameras: [] },
    set: [{ path: 'name', by: 'file' }],
    yaml: 'name: test box\n',
    restart_required: [],
  });
  expect(first.headers.get('etag')).toBe('"1"');

  const patch = { cameras: { yard: { url: 'rtsp://admin:canary@10.0.0.9/1' } }, logLevel: 'warn' };
  const changed = ['logLevel', 'cameras[yard]'];
  const found = await box.call('POST', `${CONFIG}/validate`, { patch });
  expect(found.data).toMatchObject({ version: 1, problems: [], changed: expect.arrayContaining(changed) });
  const done = await box.call('PATCH', CONFIG, { patch }, { 'if-match': '"1"' });
  expect(done.data).toMatchObject({ version: 2, changed: expect.arrayContaining(changed) });
  expect(done.headers.get('etag')).toBe('"2"');
  const second = await box.call('GET', CONFIG);
  expect(second.data.set).toContainEqual({ path: 'cameras[yard].url', by: 'api' });
  expect(JSON.stringify(second)).not.toContain('canary');

  const yaml = `${second.data.yaml}groups:\n  - name: night\n`;
  const whole = await box.call('PATCH', CONFIG, { yaml });
  expect(whole.data).toMatchObject({ version: 3, changed: ['groups[night]'] });
  expect((await box.call('POST', `${CONFIG}/rollback`, { version: 2 })).data.changed).toEqual(['groups[night]']);
  expect((await box.call('POST', `${CONFIG}/reload`)).data).toMatchObject({ version: 4, changed: [] });
  const { versions } = (await box.call('GET', `${CONFIG}/history`)).data;
  expect(versions).toMatchObject([{ by: 'key "test"' }, { version: 3 }, { version: 2 }, { by: 'configuration file' }]);
});

it('says by path what is wrong, and changes nothing', async () => {
  await using box = await openBox();
  const patch = { cameras: { yard: { url: 'rtsp://h/1', transport: 'quic' } }, dataDir: '/tmp' };
  const found = await box.call('POST', `${CONFIG}/validate`, { patch });
  expect(found.data.problems).toEqual([{ path: 'dataDir', message: expect.stringContaining('only be changed in') }]);
  const { dataDir: _, ...rest } = patch;
  const wrong = { path: 'cameras[yard].transport', message: 'must be tcp or udp' };
  expect((await box.call('POST', `${CONFIG}/validate`, { patch: rest })).data.problems).toEqual([wrong]);
  const refused = await box.call('PATCH', CONFIG, { patch: rest });
  expect(refused).toMatchObject({ status: 400, message: 'the change: cameras[yard].transport: must be tcp or udp' });
  expect(await box.call('PATCH', CONFIG, { yaml: 'cameras: [' })).toMatchObject({ status: 400 });
  expect(await box.call('PATCH', CONFIG, {})).toMatchObject({ status: 400 });
  const deep = `{"patch":${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}}`;
  expect(await box.call('PATCH', CONFIG, deep)).toMatchObject({
    status: 400,
    message: 'the change: is nested too deeply',
  });
  expect(await box.call('PATCH', CONFIG, { yaml: '['.repeat(40_000) })).toMatchObject({ status: 400 });
  expect(await box.call('PATCH', CONFIG, { patch: { name: 'a' } }, { 'if-match': '"7"' })).toMatchObject({
    status: 409,
  });
  expect(await box.call('PATCH', CONFIG, { patch: { name: 'a' } }, { 'if-match': '7' })).toMatchObject({ status: 400 });
  expect(await box.call('POST', `${CONFIG}/rollback`, { version: 7 })).toMatchObject({ status: 404 });
  expect((await box.call('GET', CONFIG)).data.version).toBe(1);
});
