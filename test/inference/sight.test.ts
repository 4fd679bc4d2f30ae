/** What an index sees beside objects, with eyes that a test scripts: which models look is decided by the prompt. */
import { describe, expect, it } from 'vitest';
import type { Detection, Frame, SceneIndex } from '#domain';
import { type Answers, type Asks, type Eyes, Gallery, type Observation, Observer, type SightTask } from '#inference';
import { frame, noisy, type Painter, room, withRectangle } from './pictures.ts';

const never = new AbortController().signal;
const BOX = { x1: 0.3, y1: 0.2, x2: 0.5, y2: 0.9 };
const visitor = withRectangle(room, 140, 50, 40, 90);

type Script = { [T in SightTask]?: (ask: Asks[T]) => Answers[T] | 'dropped' };

/** Eyes that answer as scripted and remember what they were asked. */
class Scripted implements Eyes {
  readonly asked: SightTask[] = [];
  readonly #script: Script;
  detections: Detection[] = [];

  constructor(script: Script) {
    this.#script = script;
  }

  has(task: SightTask): boolean {
    return task in this.#script || task === 'object-detection';
  }

  status(): ReturnType<Eyes['status']> {
    const packs = Object.fromEntries(Object.keys(this.#script).map((task) => [task, `${task}-pack`]));
    return { state: 'ready', pack: 'scripted', packs, restarts: 0, queued: 0, dropped: 0 };
  }

  async detect(): Promise<Detection[] | 'none'> {
    this.asked.push('object-detection');
    return this.detections;
  }

  async ask<T extends SightTask>(task: T, ask: Asks[T]): Promise<Answers[T] | 'none' | 'dropped'> {
    this.asked.push(task);
    return this.#script[task]?.(ask) ?? 'none';
  }
}

const observer = (eyes: Eyes, prompt: string, modelName = 'basic', gallery?: Gallery) =>
  new Observer({ streamId: 'rts-1', prompt, modelName }, eyes, gallery);

async function look(eye: Observer, atMs: number, paint: Painter = room): Promise<Observation> {
  const frames: Frame[] = [frame(atMs, noisy(paint, atMs, 4))];
  const window = { streamId: 'rts-1', startMs: atMs, endMs: atMs + 1000, frames, zones: [] };
  const observation = await eye.observe(window, 'index', never);
  return observation === 'dropped' ? expect.fail('dropped') : observation;
}

const reads = (text: string, score = 0.9): Script => ({
  'text-detection': () => [{ score: 0.9, box: BOX }],
  'text-recognition': () => [{ text, score }],
});

describe('the prompt decides which models look', () => {
  it.each<[prompt: string, tier: SceneIndex['modelName'], asked: SightTask[]]>([
    ['Describe the scene', 'basic', ['object-detection', 'image-text']],
    ['Read the number plates', 'basic', ['object-detection', 'image-text', 'text-detection', 'text-recognition']],
    ['Count the faces', 'basic', ['face-detection', 'image-text', 'object-detection']],
    ['Read the number plates', 'mini', ['object-detection']],
  ])('%s (%s)', async (prompt, tier, asked) => {
    const eyes = new Scripted({
      ...reads('KX51 ABD'),
      'face-detection': () => [{ score: 0.9, box: BOX }],
      'image-text': () => ({ picture: new Float32Array([1, 0]), texts: [], likeness: [], queries: [], scale: 1 }),
    });
    await look(observer(eyes, prompt, tier), 0);
    expect([...new Set(eyes.asked)].sort()).toEqual(asked.toSorted());
  });

  it('and without a detector they look only where something has changed, too', async () => {
    const eyes = new Scripted({
      'image-text': () => ({ picture: new Float32Array([1, 0]), texts: [], likeness: [], queries: [], scale: 1 }),
    });
    eyes.has = (task) => task === 'image-text';
    eyes.detect = async () => 'none';
    const eye = observer(eyes, 'Watch for a forklift');
    for (let at = 0; at < 5; at += 1) await look(eye, at * 1000);
    expect(eyes.asked).toEqual(['image-text']);
    eyes.has = () => true;
    await look(eye, 5000);
    expect(eyes.asked).toEqual(['image-text', 'image-text']);
  });

  it('and what was changed in it counts from the next window on', async () => {
    const eyes = new Scripted(reads('KX51 ABD'));
    const eye = observer(eyes, 'Describe the scene');
    expect((await look(eye, 0)).facts.texts).toBeUndefined();
    eye.heed({ prompt: 'Read the number plates', modelName: 'basic' });
    expect((await look(eye, 1000)).facts.texts).toEqual([{ text: 'KX51 ABD', score: 0.9, box: BOX }]);
  });
});

describe('what is written', () => {
  it('is told, and read again only when the picture changes', async () => {
    const eyes = new Scripted(reads('KX51 ABD'));
    const eye = observer(eyes, 'Read the number plates');
    expect((await look(eye, 0)).text).toBe('it reads "KX51 ABD"; all is still');
    expect(await look(eye, 1000)).toMatchObject({ changed: false, text: 'it reads "KX51 ABD"; all is still' });
    expect(eyes.asked.filter((task) => task === 'text-recognition')).toHaveLength(1);
    await look(eye, 2000, visitor);
    expect(eyes.asked.filter((task) => task === 'text-recognition')).toHaveLength(2);
  });

  it('is left out when it can hardly be read', async () => {
    const { facts, text } = await look(observer(new Scripted(reads('1l|I', 0.3)), 'Read the signs'), 0);
    expect(facts.texts).toEqual([]);
    expect(text).toBe('all is still');
  });

  it('is not known when the model had no time, which is not the same as nothing', async () => {
    const eyes = new Scripted({ ...reads('KX51 ABD'), 'text-detection': () => 'dropped' });
    expect((await look(observer(eyes, 'Read the signs'), 0)).facts).not.toHaveProperty('texts');
  });
});

describe('what no detector has a name for', () => {
  const alike = (likeness: number): Script => ({
    'image-text': ({ texts }) => ({
      picture: new Float32Array([0.6, 0.8]),
      texts: texts.map(() => new Float32Array([1, 0])),
      likeness: texts.map(() => likeness),
      queries: [],
      scale: 1,
    }),
  });

  it('is told when the picture looks like it', async () => {
    const { facts, text, picture } = await look(observer(new Scripted(alike(0.8)), 'Watch for a forklift'), 0);
    expect(facts.likenesses).toEqual([{ phrase: expect.stringContaining('forklift'), score: 0.8 }]);
    expect(text).toMatch(/^it looks like .*forklift; all is still$/);
    expect(picture).toEqual({ vector: new Float32Array([0.6, 0.8]), model: 'image-text-pack' });
  });

  it('is asked for as a caption would say it', async () => {
    const asked: string[] = [];
    const eyes = new Scripted({
      'image-text': ({ texts }) => {
        asked.push(...texts);
        return { picture: undefined, texts: [], likeness: [], queries: [], scale: 1 };
      },
    });
    await look(observer(eyes, 'Watch for a forklift'), 0);
    expect(asked).toEqual(['a photo of a forklift']);
  });

  it('without such a phrase only the picture of a new scene is looked at', async () => {
    const eyes = new Scripted(alike(0.8));
    const eye = observer(eyes, 'Describe the scene');
    const looks = () => eyes.asked.filter((task) => task === 'image-text').length;
    await look(eye, 0);
    expect(await look(eye, 1000, visitor)).toMatchObject({ changed: true });
    expect(looks()).toBe(2);
    const goesOn = await look(eye, 2000, withRectangle(room, 152, 50, 40, 90));
    expect(goesOn).toMatchObject({ changed: false, picture: { model: 'image-text-pack' } });
    expect(looks()).toBe(2);
  });

  it('is not told when it hardly does', async () => {
    const { facts, text } = await look(observer(new Scripted(alike(0.2)), 'Watch for a forklift'), 0);
    expect(facts.likenesses).toHaveLength(1);
    expect(text).toBe('all is still');
  });
});

describe('who and what', () => {
  const person = (score: number): Detection => ({ label: 'person', score, box: BOX });

  it('people carry what they look like into the gallery of the stream', async () => {
    const looks = new Float32Array([1, 0, 0]);
    const eyes = new Scripted({ 'person-embedding': ({ boxes }) => boxes.map(() => looks) });
    eyes.detections = [person(0.9), { label: 'dog', score: 0.9, box: { x1: 0.7, y1: 0.5, x2: 0.9, y2: 0.9 } }];
    const eye = observer(eyes, 'Describe the scene', 'basic', new Gallery());
    await look(eye, 0);
    for (let second = 1; second < 8; second++) await look(eye, second * 1000, second % 2 ? visitor : room);
    const { facts } = await look(eye, 8000, visitor);
    expect(facts.objects.find(({ label }) => label === 'person')).toMatchObject({ who: 1 });
    expect(facts.objects.find(({ label }) => label === 'dog')).not.toHaveProperty('who');
  });

  it('only what the prompt names is told; the facts keep the rest', async () => {
    const eyes = new Scripted({});
    eyes.detections = [person(0.9), { label: 'truck', score: 0.9, box: { x1: 0.6, y1: 0.5, x2: 0.95, y2: 0.9 } }];
    const { facts, text } = await look(observer(eyes, 'Describe the vehicles'), 0);
    expect(text).toBe('a truck; all is still');
    expect(facts.counts).toEqual({ person: 1, truck: 1 });
  });

  it('a prompt that asks for JSON gets what is known in its shape', async () => {
    const eyes = new Scripted({});
    eyes.detections = [person(0.9)];
    const prompt = 'Return JSON: {"people": "number of people", "mood": "the mood"}';
    const { facts } = await look(observer(eyes, prompt), 0);
    expect(facts.answer).toMatchObject({ json: { people: 1, mood: null }, by: 'facts' });
    expect(facts.answer?.reason).toContain('mood');
  });
});

describe('a window that is decided anew with more frames', () => {
  it('has what one frame left open', async () => {
    const eyes = new Scripted({});
    const eye = observer(eyes, 'Describe the scene');
    await look(eye, 0);
    eyes.detections = [{ label: 'person', score: 0.5, box: BOX }];
    const unsure = await look(eye, 1000, visitor);
    expect(unsure.facts.counts).toEqual({});
    expect(eye.wavering).toEqual(['person']);
    const frames = [0, 200, 400, 600].map((ms) => frame(1000 + ms, noisy(visitor, ms, 4)));
    const window = { streamId: 'rts-1', startMs: 1000, endMs: 2000, frames, zones: [] };
    expect(await eye.reconsider(window, 'alert', never)).toMatchObject({ facts: { counts: { person: 1 } } });
  });

  it('stands as it was when nobody has time for them', async () => {
    const eyes = new Scripted({});
    const eye = observer(eyes, 'Describe the scene');
    await look(eye, 0);
    const window = { streamId: 'rts-1', startMs: 0, endMs: 1000, frames: [], zones: [] };
    expect(await eye.reconsider(window, 'alert', never)).toBe('dropped');
  });
});
