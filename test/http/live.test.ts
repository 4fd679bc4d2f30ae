/** The live feed: what is stored arrives, in order, once, and a client that comes back misses nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SceneIndex } from '#domain';
import { type HttpServer, listen } from '#http';
import { addIndex, addScene, addStream, type Box, openBox } from './box.ts';

let box: Box;
let server: HttpServer;
let index: SceneIndex;

beforeEach(async () => {
  box = await openBox();
  index = addIndex(box.store, addStream(box.store).id);
  server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

interface LiveEvent {
  id?: string;
  event: string;
  data: { id: number; text: string; end: number; box?: object };
}

/** Events as they come over a real socket; ends the connection when left. */
async function* follow(lastEventId?: string): AsyncGenerator<LiveEvent, void> {
  const stop = new AbortController();
  const headers: Record<string, string> = { 'x-access-token': 'sk-right' };
  if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
  const response = await fetch(`http://127.0.0.1:${server.address.port}/v1/live`, { headers, signal: stop.signal });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) throw new Error(await response.text());
  let buffer = '';
  try {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const parts = (buffer + chunk).split('\n\n');
      buffer = parts.pop() ?? '';
      for (const part of parts) {
        const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
        yield { ...fields, data: JSON.parse(fields['data']) } as LiveEvent; // What the feed promises.
      }
    }
  } finally {
    stop.abort();
  }
}

async function next(events: AsyncGenerator<LiveEvent, void>, kind: string): Promise<LiveEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done || !value) throw new Error('the feed ended');
    if (value.event === kind) return value;
  }
}

describe('/v1/live', () => {
  it('begins with the status and then brings what is stored', async () => {
    addScene(box.store, index, 0, 'before');
    const events = follow();
    expect((await next(events, 'status')).data.box).toMatchObject({ name: 'test box' });
    addScene(box.store, index, 5, 'after');
    expect((await next(events, 'scene')).data).toMatchObject({ text: 'after' });
    await events.return();
  });

  it('resumes after the last event that was seen', async () => {
    const events = follow();
    await next(events, 'status');
    for (const text of ['one', 'two', 'three']) addScene(box.store, index, 0, text);
    const { id } = await next(events, 'scene');
    await events.return();
    addScene(box.store, index, 5, 'four');

    const again = follow(id);
    const texts = [];
    for (let i = 0; i < 3; i += 1) texts.push((await next(again, 'scene')).data.text);
    expect(texts).toEqual(['two', 'three', 'four']);
    await again.return();
  });

  it('shows a scene that grew several times once, as it is now', async () => {
    const first = String(box.store.journal.head());
    const scene = addScene(box.store, index, 0, 'long');
    for (let i = 1; i <= 5; i += 1) box.store.scenes.grow(scene.id, scene.endMs + i * 5000);
    addScene(box.store, index, 60, 'next');
    const events = follow(first);
    const seen = [await next(events, 'scene'), await next(events, 'scene')];
    expect(seen.map(({ data }) => data.text)).toEqual(['long', 'next']);
    expect(seen[0]?.data.end).toBe((scene.endMs + 25_000) / 1000);
    await events.return();
  });

  it('starts from now for an id that is not ours', async () => {
    addScene(box.store, index, 0, 'old');
    for (const id of ['999999', 'x', '-1']) {
      const events = follow(id);
      await next(events, 'status');
      addScene(box.store, index, 5, `for ${id}`);
      expect((await next(events, 'scene')).data.text).toBe(`for ${id}`);
      await events.return();
    }
  });

  it('has room for 32 viewers, and again when they have left', async () => {
    const open = async () => {
      const events = follow();
      await next(events, 'status');
      return events;
    };
    const viewers = await Promise.all(Array.from({ length: 32 }, open));
    expect(await box.call('GET', '/v1/live')).toMatchObject({ status: 503, error_code: 'unavailable' });
    await Promise.all(viewers.map((viewer) => viewer.return()));
    await vi.waitFor(async () => (await open()).return(), 20_000);
  });

  it('gives no seat to a HEAD', async () => {
    const headers = { 'x-access-token': 'sk-right' };
    for (let i = 0; i < 40; i += 1) {
      const { status } = await fetch(`http://127.0.0.1:${server.address.port}/v1/live`, { method: 'HEAD', headers });
      expect(status).toBe(200);
    }
  });
});
