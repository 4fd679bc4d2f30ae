/** What a prompt means before it is armed. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SceneIndex, Stream } from '#domain';
import { type HttpServer, listen } from '#http';
import { anObject, EMPTY, withObjects } from '../events/scenes.ts';
import { addIndex, addStream, type Box, openBox, T0 } from './box.ts';

const VECTOR = new Float32Array(256).fill(1 / 16);
const HOUR = 3_600_000;
const PERSON = withObjects(anObject('person', { score: 0.83, sinceMs: 0 }));

// A day is gone through again and again.
vi.setConfig({ testTimeout: 60_000 });

let box: Box;
let stream: Stream;
let index: SceneIndex;
beforeEach(async () => {
  box = await openBox();
  stream = addStream(box.store, { name: 'Gate' });
  index = addIndex(box.store, stream.id);
});
afterEach(() => box[Symbol.asyncDispose]());

/** Nobody for most of each hour of a day, somebody at its end. */
function aDay(of: SceneIndex = index): void {
  for (let hour = 0; hour < 24; hour += 1) {
    const startMs = T0 + hour * HOUR;
    const endMs = startMs + HOUR - 10_000;
    const past = { streamId: of.streamId, indexId: of.id };
    box.store.scenes.addPast({ ...past, startMs, endMs, text: 'nobody', facts: EMPTY }, VECTOR, 'test');
    const thumbPath = `${of.id}-${hour}.jpg`;
    const person = { ...past, startMs: endMs, endMs: startMs + HOUR, text: 'a person', facts: PERSON, thumbPath };
    box.store.scenes.addPast(person, VECTOR, 'test');
  }
}

const DAY = { from: T0 / 1000, to: T0 / 1000 + 86_400 };
const rehearse = (body: object) => box.call('POST', '/v1/events/rehearse', { prompt: 'a person', ...DAY, ...body });

describe('POST /v1/events/rehearse', () => {
  it('says what would have fired, how often a day, and how that depends on how sure it is to be', async () => {
    aDay();
    const { data } = await rehearse({});
    expect(data.understood).toBe('Fires when a person is in the picture.');
    expect(data).toMatchObject({ alerts: 24, left_off: 0, alerts_per_day: 24, from: DAY.from, to: DAY.to });
    expect(data.fired).toHaveLength(24);
    expect(data.fired[0]).toMatchObject({
      stream_id: stream.id,
      stream_name: 'Gate',
      start: (T0 + HOUR - 10_000) / 1000,
      end: (T0 + HOUR - 5000) / 1000,
      confidence: 0.83,
      thumbnail_url: expect.stringMatching(/^\/v1\/thumbs\/\d+\.jpg\?t=/),
    });
    const remaining = Object.fromEntries(
      data.thresholds.map((one: { confidence: number; alerts: number }) => [one.confidence, one.alerts]),
    );
    expect(remaining).toMatchObject({ '0': 24, '0.8': 24, '0.9': 0 });
    expect(data.streams).toMatchObject([{ index_id: index.id, alerts: 24, days: 1, looked: 48, mute: 0, missing: [] }]);
  });

  it('with a threshold lists what an alert with it would have told', async () => {
    aDay();
    expect((await rehearse({ threshold: 0.9 })).data).toMatchObject({
      alerts: 0,
      alerts_per_day: 0,
      fired: [],
      left_off: 0,
    });
    const { data } = await rehearse({ threshold: 0.83 });
    expect(data).toMatchObject({ alerts: 24, alerts_per_day: 24, streams: [{ alerts: 24 }] });
    expect(data.thresholds.at(-1)).toMatchObject({ confidence: 0.9, alerts: 0 });
    expect((await rehearse({ threshold: 2 })).status).toBe(400);
  });

  it('counts days from where there is something to look at', async () => {
    aDay();
    const { data } = await rehearse({ from: DAY.from - 9 * 86_400 });
    expect(data.streams[0].days).toBe(1);
    expect(data.alerts_per_day).toBe(24);
  });

  it('goes through the camera that is named, or all of them', async () => {
    const other = addStream(box.store, { name: 'Yard' });
    aDay(addIndex(box.store, other.id));
    aDay();
    expect((await rehearse({})).data.alerts).toBe(48);
    expect((await rehearse({ stream: 'yard' })).data.streams).toMatchObject([{ stream_id: other.id, alerts: 24 }]);
    expect((await rehearse({ stream: stream.id, index: index.id })).data.alerts).toBe(24);
  });

  it('says what is not looked at, and why an alert could not fire there', async () => {
    box.live.detector = 'none';
    box.store.scenes.addPast(
      {
        streamId: stream.id,
        indexId: index.id,
        startMs: T0,
        endMs: T0 + 5000,
        text: 'x',
        facts: { ...EMPTY, packs: ['built-in'] },
      },
      VECTOR,
      'test',
    );
    const { data } = await rehearse({ prompt: 'a person leaves' });
    expect(data.streams).toMatchObject([
      { looked: 1, mute: 1, missing: [expect.stringContaining('needs an object detector')] },
    ]);
    const heard = await rehearse({ prompt: 'a dog barks' });
    expect(heard.data.streams).toMatchObject([{ looked: 0, missing: [expect.stringContaining('hears: make one')] }]);
  });

  it.each([
    [{ from: DAY.to, to: DAY.from }, 400, /^from: must lie before "to"/],
    [{ from: DAY.to - 400 * 86_400 }, 400, /^from: a rehearsal goes over a year at most/],
    [{ stream: 'Cellar' }, 404, /^stream: there is no camera "Cellar"/],
    [{ index: 'index-1' }, 400, /^index: name its camera in "stream", too/],
    [{ prompt: 'asdf qwer' }, 400, /^prompt: /],
  ])('refuses %j', async (body, status, message) => {
    const answer = await rehearse(body);
    expect(answer.status).toBe(status);
    expect(answer.message).toMatch(message);
  });

  it('does two at once and no more, and is free again when they are done', async () => {
    aDay();
    const answers = await Promise.all([rehearse({}), rehearse({}), rehearse({})]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    expect((await rehearse({})).status).toBe(200);
  });
});

describe('a rehearsal line by line', () => {
  let server: HttpServer;
  beforeEach(async () => {
    server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log);
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const ask = (signal?: AbortSignal) =>
    fetch(`http://127.0.0.1:${server.address.port}/v1/events/rehearse`, {
      method: 'POST',
      headers: { 'x-access-token': 'sk-right', 'content-type': 'application/json', accept: 'application/x-ndjson' },
      body: JSON.stringify({ prompt: 'a person', ...DAY }),
      ...(signal ? { signal } : {}),
    });

  it('brings progress, each alert, and the sum at last', async () => {
    aDay();
    const response = await ask();
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === 'alert')).toHaveLength(24);
    expect(lines.some(({ type, progress }) => type === 'progress' && progress > 0 && progress < 1)).toBe(true);
    expect(lines.at(-1)).toMatchObject({ type: 'summary', alerts: 24, alerts_per_day: 24 });
  });

  it('ends when the client goes away: others have their turn', async () => {
    aDay();
    for (let n = 0; n < 5; n += 1) {
      const stop = new AbortController();
      const response = await ask(stop.signal);
      expect(response.status).toBe(200);
      const reader = response.body?.getReader();
      await reader?.read();
      stop.abort();
      await expect(reader?.read()).rejects.toThrow(/abort/);
      await expect.poll(async () => (await rehearse({})).status, { timeout: 20_000 }).toBe(200);
    }
  });
});

describe('POST /v1/events/understand', () => {
  it('says what is missing on the camera, or on all of them', async () => {
    const ask = async (body: object) => (await box.call('POST', '/v1/events/understand', body)).data;
    expect(await ask({ prompt: 'a person' })).toMatchObject({ missing: [], needs: ['object-detection'] });
    const zone = await ask({ prompt: 'someone enters the cellar', stream: 'Gate' });
    expect(zone.missing).toEqual([expect.stringContaining('has no zone "cellar" yet')]);
    box.live.detector = 'none';
    expect((await ask({ prompt: 'a person' })).missing).toEqual([expect.stringContaining('needs an object detector')]);
    expect((await ask({ prompt: 'a dog barks' })).missing).toContain('no index of the camera "Gate" hears: make one');
  });
});
