import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stream } from '#domain';
import { addStream, type Box, openBox, T0 } from './box.ts';

let box: Box;
let stream: Stream;
let path: string;

beforeEach(async () => {
  box = await openBox();
  stream = addStream(box.store, { transcription: { wanted: false, engine: 'default', changedMs: T0 } });
  path = `/rtstream/${stream.id}/transcription`;
});
afterEach(() => box[Symbol.asyncDispose]());

/** One sentence of two words, so many seconds after T0. */
function say(atS: number): void {
  const at = T0 + atS * 1000;
  const words = [
    { text: 'word', startMs: at, endMs: at + 400 },
    { text: `${atS}.`, startMs: at + 500, endMs: at + 1000 },
  ];
  box.store.transcripts.add({ streamId: stream.id, startMs: at, endMs: at + 1000, text: `word ${atS}.`, words });
}

const texts = (data: { transcription_records: { text: string }[] }) =>
  data.transcription_records.map(({ text }) => text);

describe('transcription', () => {
  it.each([
    // Python, Python with an engine, Node, and numbers of an SDK that nobody has seen yet.
    { action: 'start', ws_connection_id: 'conn-1' },
    { action: 'start', engine: 'assemblyai', ws_connection_id: 'conn-1' },
    { action: 'start', engine: 'AAIS', ws_connection_id: 'conn-1', mode: null },
  ])('starts with %j, any number of times, and stops', async (body) => {
    const first = await box.call('POST', path, body);
    expect(first.data).toMatchObject({ status: 'running', engine: body.engine ?? 'default' });
    expect(first.message).toContain('no speech model');
    expect((await box.call('POST', path, { action: 'start' })).data).toEqual(first.data);
    expect(box.store.streams.get(stream.id)?.transcription).toMatchObject({ wanted: true, wsConnectionId: 'conn-1' });
    const stop = { action: 'stop', mode: 'graceful', engine: 'assemblyai' };
    expect((await box.call('POST', path, stop)).data.status).toBe('stopped');
    expect((await box.call('GET', `${path}/status`)).data).toMatchObject({ status: 'stopped', engine: 'assemblyai' });
    expect(box.live.reconciled).toBeGreaterThan(0);
  });

  it('pages what was said, oldest first, with every name that clients read', async () => {
    for (const atS of [1, 3, 5]) say(atS);
    const { data } = await box.call('GET', `${path}?page=1&page_size=2`);
    expect(data).toMatchObject({ next_page: true, total_count: 3, page: 1, page_size: 2 });
    expect(data.transcription_records[0]).toEqual({
      start: T0 / 1000 + 1,
      end: T0 / 1000 + 2,
      text: 'word 1.',
      is_final: true,
      word_timestamps: [
        { start: T0 / 1000 + 1, end: T0 / 1000 + 1.4, text: 'word', word: 'word' },
        { start: T0 / 1000 + 1.5, end: T0 / 1000 + 2, text: '1.', word: '1.' },
      ],
    });
    const second = await box.call('GET', `${path}?page=2&page_size=2`);
    expect(texts(second.data)).toEqual(['word 5.']);
    expect(second.data.next_page).toBe(false);
  });

  it('knows ranges, and what is new since the last poll', async () => {
    for (const atS of [1, 3, 5]) say(atS);
    const get = async (query: string) => texts((await box.call('GET', `${path}?${query}`)).data);
    const s = T0 / 1000;
    expect(await get(`start=${s + 1.5}&end=${s + 4}`)).toEqual(['word 1.', 'word 3.']);
    expect(await get(`since=${s + 4}`)).toEqual(['word 5.']);
    expect(await get(`since=${s + 6}`)).toEqual([]);
    expect(await get('start=0&engine=default')).toHaveLength(3);
  });

  it('tells what was not written down, each on one page, and what the model thought', async () => {
    const s = T0 / 1000;
    const gap = (from: number, to: number) => {
      const times = { startMs: T0 + from * 1000, endMs: T0 + to * 1000 };
      box.store.transcripts.addGap({ streamId: stream.id, ...times, reason: 'too much speech' });
    };
    for (const atS of [10, 20, 30]) say(atS);
    for (const from of [1, 12, 22, 40]) gap(from, from + 5);
    const said = { streamId: stream.id, startMs: T0, endMs: T0 + 500, text: 'oui', words: [] };
    box.store.transcripts.add({ ...said, language: 'fr', confidence: 0.25 });
    const get = async (query: string) => (await box.call('GET', `${path}?${query}`)).data;
    const starts = async (query: string) => (await get(query)).gaps.map(({ start }: { start: number }) => start - s);
    const all = await get('');
    expect(all.transcription_records[0]).toMatchObject({ text: 'oui', language: 'fr', confidence: 0.25 });
    expect(all.gaps[0]).toEqual({ start: s + 1, end: s + 6, reason: 'too much speech' });
    expect(await starts('')).toEqual([1, 12, 22, 40]);
    const paged = [1, 2, 3, 4, 5, 9].map((page) => starts(`page=${page}&page_size=1`));
    expect(await Promise.all(paged)).toEqual([[], [1], [12], [22, 40], [], []]);
    expect(await starts(`start=${s + 14}&end=${s + 30}`)).toEqual([12, 22]);
    expect(await starts(`since=${s + 25}`)).toEqual([22, 40]);
    expect(await starts(`start=${s + 60}`)).toEqual([]);
  });

  it.each([
    ['POST', {}, 'action'],
    ['POST', { action: 'pause' }, 'action'],
    ['POST', { action: 'stop', mode: 'gently' }, 'mode'],
    ['GET', undefined, 'page_size'],
  ])('%s %j is refused naming the field', async (method, body, field) => {
    const answer = await box.call(method, method === 'GET' ? `${path}?page_size=1001` : path, body);
    expect(answer).toMatchObject({ status: 400, success: false, message: expect.stringContaining(field) });
  });
});
