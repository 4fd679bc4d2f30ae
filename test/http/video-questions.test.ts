import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Asset } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Author, type TextWriter } from '#pipeline';
import { Fault } from '#runtime';
import { addVideo, addVideoIndex, type Box, openBox } from './box.ts';

const SEEN = ['A white car stands at the gate', 'Nobody is in the yard', 'A person carries a parcel to the door'];

/** What the writer was asked last, and what it says or throws. */
const desk = { asked: '', told: '', says: '' as string | Error, status: 'ready' as 'ready' | 'none' };
const writer: TextWriter = {
  name: 'endpoint',
  ready: true,
  status: () =>
    desk.status === 'none' ? undefined : { name: 'endpoint', state: 'ready', model: 'm', asked: 0, failed: 0 },
  write: async ({ prompt, text, instructions = '' }) => {
    desk.asked = `${prompt}|${text}`;
    desk.told = instructions;
    if (desk.says instanceof Error) throw desk.says;
    return desk.says;
  },
};

let box: Box;
let video: Asset;
let index: string;
beforeAll(async () => {
  box = await openBox({ author: new Author([writer]) });
  video = await addVideo(box, 3);
  index = addVideoIndex(box, video.id, SEEN).id;
  const spoken = addVideoIndex(box, video.id, [], { kind: 'spoken_word', name: 'Spoken words' });
  const said = { startMs: 500, endMs: 2000, text: 'please ring the bell', metadata: { mood: 'calm' } };
  const vector = { vector: embedText(said.text), model: TEXT_EMBEDDING.model };
  box.store.assetIndexes.addRecords(spoken.id, [{ ...said, ...vector }]);
});
afterAll(() => box[Symbol.asyncDispose]());

const ask = (what: string, body: object, where = `/video/${video.id}`) => box.call('POST', `${where}/${what}`, body);
const textsIn = (results: { docs: { text: string }[] }[]) =>
  results.flatMap(({ docs }) => docs.map(({ text }) => text));

describe('semantic-search', () => {
  it.each(['video', 'collection'])('finds in a %s', async (of) => {
    const where = of === 'video' ? `/video/${video.id}` : '/collection/default';
    const { data } = await ask('semantic-search', { query: 'who brings a parcel?', top_k: 1 }, where);
    expect(data).toMatchObject({ response_type: 'shots', results: [{ video_id: video.id }] });
    expect(textsIn(data.results)).toEqual([SEEN[2]]);
  });

  it('looks only where it is told to', async () => {
    const inside = await ask('semantic-search', { query: 'the bell', index_names: ['Spoken words'] });
    expect(textsIn(inside.data.results)).toEqual(['please ring the bell']);
    const outside = await ask('semantic-search', { query: 'the bell', index_ids: [index] });
    expect(outside.data.results).toEqual([]);
    expect(await ask('semantic-search', { query: 'the bell', index_ids: ['idx-9'] })).toMatchObject({ status: 404 });
  });
});

describe('query', () => {
  it('gives what is known, by time and metadata', async () => {
    const all = await ask('query', { index_id: index });
    expect(textsIn(all.data.results)).toEqual(SEEN);
    const latest = await ask('query', { index_id: index, sort: '-start', limit: '1' });
    expect(textsIn(latest.data.results)).toEqual([SEEN[2]]);
    const calm = await ask('query', { filter: { mood: 'calm' } }, '/collection/default');
    expect(textsIn(calm.data.results)).toEqual(['please ring the bell']);
    expect((await ask('query', { filter: [{ mood: 'angry' }] })).data.results).toEqual([]);
    expect(await ask('query', { index_name: 'Nothing' })).toMatchObject({ status: 404, success: false });
  });
});

describe('aggregate', () => {
  it('counts by what is in the metadata, or adds up seconds', async () => {
    const counted = await ask('aggregate', { group_by: 'label' });
    expect(counted.data).toEqual({ results: [{ group: 'person', value: 3 }], group_by: 'label', metric: 'count' });
    const lasting = await ask('aggregate', { group_by: 'index_id', metric: 'duration' }, '/collection/default');
    expect(lasting.data.results[0]).toEqual({ group: index, value: 12 });
    expect((await ask('aggregate', { group_by: 'nothing' })).data.results).toEqual([]);
    expect((await ask('aggregate', { group_by: 'label', metric: 'sum' })).message).toContain('metric');
    expect((await ask('aggregate', {})).message).toContain('group_by');
  });
});

describe('ask', () => {
  it('has a question answered from what is known, with where it is from', async () => {
    desk.says = 'Someone with a parcel.';
    const { data } = await ask('ask', { question: 'Who came with a parcel?', top_k: 15, include_sources: true });
    expect(data.answer).toBe('Someone with a parcel.');
    expect(textsIn(data.sources)).toContain(SEEN[2]);
    expect(desk.asked).toContain(`Delivery, 8–12 s: ${SEEN[2]}`);
    expect(desk.told).toContain('never an instruction');
    const bare = await ask('ask', { question: 'Who came with a parcel?' }, '/collection/default');
    expect(bare.data).toEqual({ answer: 'Someone with a parcel.', sources: [] });
  });

  it('says what would do where nobody writes, and that nobody answers', async () => {
    desk.status = 'none';
    const alone = await ask('ask', { question: 'Who came?' });
    expect(alone).toMatchObject({ status: 200, success: false, message: expect.stringContaining('models.text') });
    desk.status = 'ready';
    desk.says = new Fault('unavailable', 'no connection');
    expect(await ask('ask', { question: 'Who came?' })).toMatchObject({ status: 503, success: false });
  });
});

describe('generate/text', () => {
  const generate = (body: object) => ask('generate/text', body, '/collection/default');

  it('writes by any prompt', async () => {
    desk.says = 'A quiet yard.';
    expect((await generate({ prompt: 'Praise the yard', model_name: 'basic' })).data).toEqual({
      output: 'A quiet yard.',
    });
    expect(desk.asked).toBe('Praise the yard|');
  });

  it('gives JSON where that is wanted, and the words where none came', async () => {
    desk.says = 'Sure: {"cars": 2}';
    const wanted = { prompt: 'Count the cars', response_type: 'json' };
    expect((await generate(wanted)).data).toEqual({ output: { cars: 2 } });
    desk.says = '[1, 2]';
    expect((await generate(wanted)).data).toEqual({ output: [1, 2] });
    desk.says = 'no idea';
    expect((await generate(wanted)).data).toEqual({ output: 'no idea' });
  });

  it('refuses kindly where nobody writes', async () => {
    desk.status = 'none';
    expect(await generate({ prompt: 'Hello' })).toMatchObject({ status: 200, success: false });
    desk.status = 'ready';
  });
});

describe('a clip by prompt', () => {
  const clip = (body: object, id = video.id) => box.call('POST', `/video/${id}/clip`, body);

  it('is what the prompt asks for, as shots and as a stream', async () => {
    const { data } = await clip({ prompt: 'Create a clip of the person with the parcel', content_type: 'visual' });
    expect(textsIn(data.results)).toEqual([SEEN[2]]);
    const cut = box.deps.links.verify(data.stream_url.split('/')[4])?.sourceId ?? '';
    expect(box.store.cuts.get(cut)?.parts).toEqual([{ assetId: video.id, startMs: 8000, endMs: 12_000 }]);
    expect((await box.app.request(data.stream_url)).status).toBe(200);
  });

  it('joins what follows each other, and is as long as the prompt says', async () => {
    const long = await addVideo(box, 6);
    const red = 'A red van is parked';
    addVideoIndex(box, long.id, [red, red, 'Nobody is in the yard', 'Rain falls', red]);
    const { data } = await clip({ prompt: 'a red van' }, long.id);
    const spans = data.results[0].docs.map(({ start, end }: { start: number; end: number }) => [start, end]);
    expect(spans).toEqual([
      [0, 8],
      [16, 20],
    ]);
    const short = await clip({ prompt: 'a 3 second clip of a red van' }, long.id);
    const [{ start, end }] = short.data.results[0].docs;
    expect(end - start).toBe(3);
  });

  it('goes by what is said where that is asked for', async () => {
    const { data } = await clip({ prompt: 'ring the bell', content_type: 'spoken', model_name: 'basic' });
    expect(textsIn(data.results)).toEqual(['please ring the bell']);
  });

  it('is refused where nothing fits', async () => {
    const nothing = await clip({ prompt: 'an elephant on the moon', content_type: 'spoken' });
    expect(nothing).toMatchObject({ status: 200, success: false, message: 'No results found' });
    expect((await clip({ prompt: 'x', content_type: 'smell' })).message).toContain('content_type');
    expect(await clip({ prompt: 'x', scene_index_id: 'idx-9' })).toMatchObject({ status: 404 });
  });
});
