import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { onvifStreams } from '#camera';
import { device, onvifCamera, PASSWORD, USER } from '../support/onvif-device.ts';

const signal = new AbortController().signal;
/** Behind a router it knows another address of its own. */
const uriOf = (token: string): string => `rtsp://10.9.8.7:554/live/${token}?a=1&b=2`;
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const login = (password: string): string => `${USER}:${encodeURIComponent(password)}`;

it('tells the streams, the largest first, at the address it was reached by; a wrong clock is no hindrance', async () => {
  await using one = await onvifCamera(uriOf);
  const streams = await onvifStreams(`onvif://${login(PASSWORD)}@127.0.0.1:${one.port}`, signal);
  const stream = { codec: 'h264', fps: 15, kbps: 2048 };
  expect(streams).toEqual([
    { ...stream, name: 'major', width: 2560, height: 1440, url: 'rtsp://127.0.0.1:554/live/main?a=1&b=2' },
    { ...stream, name: 'minor & small', width: 640, height: 360, url: 'rtsp://127.0.0.1:554/live/sub?a=1&b=2' },
  ]);
  expect(one.asked).toContain('GetProfiles');
});

it.skipIf(!hasIpv6)('tells them at an IPv6 address, too', async () => {
  await using one = await onvifCamera(uriOf, { user: USER, password: PASSWORD, host: '::1' });
  const [stream] = await onvifStreams(`onvif://${login(PASSWORD)}@[::1]:${one.port}`, signal);
  expect(stream?.url).toBe('rtsp://[::1]:554/live/main?a=1&b=2');
});

it('does not answer when its answer has no end, and takes no memory for it', async () => {
  const most = 1 << 30;
  const chunk = Buffer.alloc(1 << 20, ' ');
  let sent = 0;
  await using endless = await device((_question, response) => {
    const go = (): void => {
      while (sent < most) {
        sent += chunk.byteLength;
        if (!response.write(chunk)) return void response.once('drain', go);
      }
    };
    go();
  });
  await expect(onvifStreams(`onvif://127.0.0.1:${endless.port}`, signal)).rejects.toMatchObject({
    kind: 'unavailable',
  });
  expect(sent).toBeLessThan(most);
}, 60_000);

it('refuses a wrong password with what to do, and repeats it to nobody', async () => {
  await using one = await onvifCamera(uriOf);
  const asking = onvifStreams(`onvif://${login('secret-guess')}@127.0.0.1:${one.port}`, signal);
  const error: unknown = await asking.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    kind: 'unauthorized',
    message: expect.stringContaining('a user of their own for ONVIF'),
  });
  expect(String(error)).not.toContain('secret-guess');
});

it.each([
  ['nonsense', '<a><b></a>'],
  ['nothing', ''],
  ['a page', '<html><body>Welcome</body></html>'],
  [
    'an envelope with nothing in it',
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
  ],
])('does not answer when it answers %s', async (_what, body) => {
  await using one = await device((_question, response) => void response.end(body));
  const asking = onvifStreams(`onvif://127.0.0.1:${one.port}`, signal);
  await expect(asking).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('ONVIF') });
});

it('does not answer where nobody listens, and is not waited for by whoever went', async () => {
  const { port } = await onvifCamera(uriOf).then(async (gone) => {
    await gone[Symbol.asyncDispose]();
    return gone;
  });
  await expect(onvifStreams(`onvif://127.0.0.1:${port}`, signal)).rejects.toMatchObject({ kind: 'unavailable' });
  await using hangs = await device(() => undefined);
  const leaving = new AbortController();
  const asking = onvifStreams(`onvif://127.0.0.1:${hangs.port}`, leaving.signal);
  await expect.poll(() => hangs.asked.length, { timeout: 20_000 }).toBe(1);
  leaving.abort();
  await expect(asking).rejects.toThrow('aborted');
});

it.each(['rtsp://a/b', 'onvif://', 'onvif://user:%E0%A4%A@host', 'http://host'])('takes no %s', async (address) => {
  await expect(onvifStreams(address, signal)).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/^url must be onvif:\/\//),
  });
});
