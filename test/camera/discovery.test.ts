import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { discoverCameras } from '../../src/camera/discovery.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function device(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

function match(id: string, scopes = ''): string {
  return `<s:Envelope><s:Header><a:RelatesTo>${id}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>
    <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>${scopes}</d:Scopes>
    <d:XAddrs>http://10.0.0.9/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`;
}

it('lists each camera once that answers this question, whatever else comes', async () => {
  const first = await device('127.0.0.1');
  const second = await device('127.0.0.2');
  const questions: string[] = [];
  const answer = async (message: Buffer, { port, address }: RemoteInfo): Promise<void> => {
    const question = message.toString();
    questions.push(question);
    const id = /<w:MessageID>(uuid:[^<]+)</.exec(question)?.[1] ?? '';
    const send = (from: Socket, text: string): Promise<void> =>
      new Promise((resolve) => from.send(text, port, address, () => resolve()));
    await send(second, 'noise');
    await send(second, match('uuid:of-somebody-else', 'onvif://www.onvif.org/name/Wrong'));
    await send(second, match(id, `onvif://www.onvif.org/name/${'x'.repeat(9000)}`));
    await send(first, match(id, 'onvif://www.onvif.org/type/video onvif://www.onvif.org/name/%E0%A4%A'));
    await send(first, match(id, 'onvif://www.onvif.org/name/Front%20Door%0A onvif://www.onvif.org/hardware/DS-2CD'));
    await send(second, match(id));
  };
  first.on('message', (message, from) => void answer(message, from));
  const { signal } = new AbortController();
  const found = await discoverCameras({ signal, to: first.address(), most: 2, listenMs: 30_000 });
  expect(found).toEqual([{ address: '127.0.0.1', name: 'Front Door', hardware: 'DS-2CD' }, { address: '127.0.0.2' }]);
  expect(questions[0]).toContain('dn:NetworkVideoTransmitter');
});

it('finds none where nobody answers, asks twice, and ends when it is told to', async () => {
  const silent = await device('127.0.0.1');
  let asked = 0;
  silent.on('message', () => {
    asked += 1;
  });
  const { signal } = new AbortController();
  expect(await discoverCameras({ signal, to: silent.address(), listenMs: 1000 })).toEqual([]);
  await expect.poll(() => asked).toBe(2);
  const told = new AbortController();
  const searching = discoverCameras({ signal: told.signal, to: silent.address(), listenMs: 600_000 });
  told.abort();
  await expect(searching).rejects.toThrow('aborted');
});
