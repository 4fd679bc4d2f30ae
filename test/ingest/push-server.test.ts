import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { RECORD_ALL, type Stream } from '#domain';
import { PushServer } from '#ingest';
import { createLog, systemClock } from '#runtime';
import { freePort } from '../e2e/support/ports.ts';
import { processTree } from '../e2e/support/processes.ts';
import { Publisher } from '../e2e/support/publisher.ts';
import { until } from '../e2e/support/waiting.ts';

const SIGNAL = () => AbortSignal.timeout(60_000);

function streamOf(protocol: 'rtmp' | 'rtsp', renewed?: number): Stream {
  return {
    id: `rts-${protocol}`,
    collectionId: 'c-1',
    name: protocol,
    url: '',
    push: { protocol, ...(renewed === undefined ? {} : { renewed }) },
    mediaTypes: ['video'],
    sampleRate: 30,
    store: false,
    transcription: { wanted: false, engine: 'default', changedMs: 0 },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: 0,
  };
}

async function open(ports?: { rtmp: number; rtsp: number }): Promise<PushServer> {
  return new PushServer({
    signingKey: Buffer.alloc(32, 7),
    host: '127.0.0.1',
    ports: ports ?? { rtmp: await freePort(), rtsp: await freePort() },
    pingEveryMs: 1000,
    clock: systemClock,
    log: createLog('silent'),
  });
}

const processOf = async () => (await processTree(process.pid)).find(({ argv }) => argv.join().includes('push-process'));

it('gives each stream an address of its own, another one when its key is renewed', async () => {
  await using push = await open({ rtmp: 1935, rtsp: 8554 });
  expect(push.urlFor(streamOf('rtmp'), 'box')).toMatch(/^rtmp:\/\/box:1935\/rts-rtmp\/[0-9a-f]{32}$/);
  expect(push.urlFor(streamOf('rtsp'), '2001:db8::1')).toMatch(/^rtsp:\/\/\[2001:db8::1\]:8554\/rts-rtsp\//);
  expect(push.urlFor(streamOf('rtmp'), 'box')).toBe(push.urlFor(streamOf('rtmp'), 'box'));
  expect(push.urlFor(streamOf('rtmp', 1), 'box')).not.toBe(push.urlFor(streamOf('rtmp'), 'box'));
  expect(await processOf()).toBeUndefined(); // Nothing may be published yet.
});

it('says when publishers may come', { timeout: 90_000 }, async () => {
  const ports = { rtmp: await freePort(), rtsp: await freePort() };
  await using push = await open(ports);
  await push.letIn('rts-rtsp'); // Nobody is to be let in.
  using _admission = push.admit(streamOf('rtsp'));
  await push.letIn('rts-rtsp');
  const socket = connect(ports.rtsp, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
});

it('is there again after its process hung, and says who publishes', { timeout: 90_000 }, async () => {
  await using push = await open();
  const stream = streamOf('rtsp');
  using admission = push.admit(stream);
  const said: boolean[] = [];
  using _told = push.onPublishing(stream.id, (publishing) => said.push(publishing));
  expect(said).toEqual([false]);
  const publish = () =>
    until('it is published', async () => {
      const publisher = await Publisher.start({ to: push.urlFor(stream, '127.0.0.1') });
      await until('let in or not', () => !publisher.running || push.addressOf(stream) !== undefined);
      return publisher.running && publisher;
    });
  await using first = await publish();
  const before = await admission.published(SIGNAL());
  expect(push.addressOf(stream)).toBe(before);

  const hung = (await processOf())?.pid ?? 0;
  process.kill(hung, 'SIGSTOP');
  await first.ended();
  await until('it is known to be gone', () => said.at(-1) === false);
  await using _second = await publish();
  expect(await admission.published(SIGNAL())).not.toBe(before);
  expect((await processOf())?.pid).not.toBe(hung);
  expect(said.slice(0, 3)).toEqual([false, true, false]);
});

it('says which port it lacks, and serves the other', { timeout: 90_000 }, async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const rtmp = typeof address === 'object' && address ? address.port : 0;
  await using push = await open({ rtmp, rtsp: await freePort() });
  using byRtmp = push.admit(streamOf('rtmp'));
  using byRtsp = push.admit(streamOf('rtsp'));
  await until('its problem', () => byRtmp.problem !== undefined);
  expect(byRtmp.problem).toContain('ingest.push.rtmpPort');
  expect(byRtsp.problem).toBeUndefined();
  await using _publisher = await Publisher.start({ to: push.urlFor(streamOf('rtsp'), '127.0.0.1') });
  await byRtsp.published(SIGNAL());
  taken.close();
  await until('the port, when it is free', () => byRtmp.problem === undefined);
});
