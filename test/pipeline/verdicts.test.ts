/** Alerts that are looked at again. */
import { setMaxListeners } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Alert, Firing, Frame, Told } from '#domain';
import { ruleFor } from '#events';
import { thumbnail } from '#inference';
import { Tellers, type TellersDeps, type VerdictLimits, Verdicts, type VerdictsDeps, type Wish } from '#pipeline';
import type { Clock } from '#runtime';
import type { Store } from '#store';
import { hastyClock } from '../delivery/fixture.ts';
import { frame } from '../inference/pictures.ts';
import { aFiring, anArmedCamera, aScene, axis, NOON, openStore, quiet } from '../store/fixture.ts';
import { record } from './recording.ts';

const soon = (check: () => void) => vi.waitFor(check, 20_000);
/** Of hasty clocks: many seconds for whoever waits. */
const DAY = 86_400_000;
const stop = new AbortController().signal;
setMaxListeners(0, stop);

/** Tellers that say what they are told to. */
function standIn(say: (wish: Wish) => string | undefined | Promise<string | undefined> = () => 'Yes, it does.') {
  const asked: Wish[] = [];
  return {
    hasFollower: true,
    follows: true,
    asked,
    tell: async (wish: Wish): Promise<Told | undefined> => {
      asked.push(wish);
      const text = await say(wish);
      return text === undefined ? undefined : { text, by: 'seer' };
    },
  };
}

async function openBox() {
  const at = await openStore();
  const [thumbsDir, mediaDir] = [join(at.dir, 'thumbs'), join(at.dir, 'media')];
  const { stream, index, alert, event } = anArmedCamera(at.store);
  let scenes = 0;
  return {
    ...at,
    mediaDir,
    stream,
    index,
    alert,
    event,
    /** A firing with a scene that has a picture of this brightness. */
    async fire(overrides: Partial<Firing> = {}, brightness = 90): Promise<Firing> {
      scenes += 1;
      const startMs = NOON + scenes * 5000;
      const thumbPath = `cam/${startMs}.jpg`;
      await mkdir(dirname(join(thumbsDir, thumbPath)), { recursive: true });
      await writeFile(join(thumbsDir, thumbPath), await thumbnail(frame(0, () => brightness)));
      const draft = aScene(index, { startMs, endMs: startMs + 5000, thumbPath });
      const { id } = at.store.scenes.add(draft, axis(0), 'm');
      return enter(at.store, alert, startMs, { sceneId: id, ...overrides });
    },
    start(tellers: VerdictsDeps['tellers'], limits: Partial<VerdictLimits> = {}, clock: Clock = hastyClock(1)) {
      return Verdicts.start({ store: at.store, tellers, thumbsDir, mediaDir, clock, log: quiet, limits }, stop);
    },
  };
}

function enter(store: Store, alert: Alert, startMs: number, overrides: Partial<Firing>): Firing {
  const firing = aFiring(alert, startMs, overrides);
  const deliveries = [{ channel: 'webhook', target: 'http://127.0.0.1/' }] as const;
  store.commitEvaluation({
    cursor: 0,
    cursorName: 'x',
    states: [],
    firings: [{ firing, deliveries: [...deliveries] }],
  });
  return firing;
}

const verdictOf = (store: Store, { id }: Firing) => store.firings.get(id)?.verdict;
const brightnessOf = ({ rgb }: Frame) => rgb[0] ?? 0;

describe('an alert that is looked at again', () => {
  it('is shown with its prompt, and gets what is said of it', async () => {
    await using at = await openBox();
    const tellers = standIn();
    await using verdicts = at.start(tellers);
    const firing = await at.fire({}, 200);
    await soon(() => expect(verdictOf(at.store, firing)).toBeDefined());
    expect(verdictOf(at.store, firing)).toMatchObject({ confirmed: true, text: 'Yes, it does.', by: 'seer' });
    const [wish] = tellers.asked;
    expect(wish).toMatchObject({ streamId: firing.streamId, priority: 'alert', strict: true });
    expect(wish?.instruction).toContain(`“${at.event.prompt}”`);
    const [picture] = wish?.frames ?? [];
    expect(picture && brightnessOf(picture)).toBeGreaterThan(190);
    expect(at.store.deliveries.due(NOON, 9).map(({ what }) => what)).toEqual(['alert']);
    expect(verdicts.status()).toEqual({ given: 1, gaveUp: 0 });
  });

  it.each([
    ['Yes. A person stands at the gate.', true],
    ['**No**, it is a bag.', false],
    ['Answer: no', false],
    ['It might be a person.', undefined],
    ['Nothing is to be seen.', undefined],
  ])('has %j read as %s', async (text, confirmed) => {
    await using at = await openBox();
    await using _verdicts = at.start(standIn(() => text));
    const firing = await at.fire();
    await soon(() => expect(verdictOf(at.store, firing)?.text).toBe(text));
    expect(verdictOf(at.store, firing)?.confirmed).toBe(confirmed);
  });

  it('is tried again when nobody could, and passed over after three times', async () => {
    await using at = await openBox();
    const [never, late] = [await at.fire(), await at.fire()];
    let asked = 0;
    const tellers = standIn(() => {
      asked += 1;
      return asked <= 4 ? undefined : 'Yes.';
    });
    await using verdicts = at.start(tellers, { giveUpMs: DAY }, hastyClock(200));
    await soon(() => expect(verdictOf(at.store, late)).toBeDefined());
    expect(verdictOf(at.store, never)).toBeUndefined();
    expect(tellers.asked).toHaveLength(5);
    expect(verdicts.status()).toEqual({ given: 1, gaveUp: 1 });
  });

  it('waits while whoever could look rests, and not for ever', async () => {
    await using at = await openBox();
    const tellers = { ...standIn(), follows: false };
    const first = await at.fire();
    await using verdicts = at.start(tellers, { giveUpMs: 600_000 }, hastyClock(5000));
    await soon(() => expect(verdicts.status().gaveUp).toBe(1));
    expect([verdictOf(at.store, first), tellers.asked]).toEqual([undefined, []]);
    tellers.follows = true;
    const second = await at.fire({ atMs: NOON + 365 * DAY });
    await soon(() => expect(verdictOf(at.store, second)).toBeDefined());
  });

  it('is not asked about when it is old, heard, deleted or known already', async () => {
    await using at = await openBox();
    const heard = { rule: ruleFor('a dog barks', { zones: [] }), packs: [], sceneText: '' };
    await at.fire({ atMs: NOON - 400_000 });
    await at.fire({ evidence: heard });
    const known = await at.fire();
    const verdict = { text: 'Known.', by: 'x', atMs: NOON };
    at.store.firings.setVerdict(known.id, verdict, { name: 'other', seq: 1 });
    const tellers = standIn();
    await using verdicts = at.start(tellers);
    const last = await at.fire();
    await soon(() => expect(verdictOf(at.store, last)).toBeDefined());
    expect(tellers.asked).toHaveLength(1);
    expect(verdictOf(at.store, known)).toEqual(verdict);
    expect(verdicts.status()).toEqual({ given: 1, gaveUp: 3 });
  });

  it('comes too late when twenty newer ones wait', async () => {
    await using at = await openBox();
    const firings: Firing[] = [];
    for (let i = 0; i < 23; i += 1) firings.push(await at.fire());
    const tellers = standIn();
    await using verdicts = at.start(tellers);
    await soon(() => expect(verdicts.status()).toEqual({ given: 20, gaveUp: 3 }));
    expect(firings.map((firing) => verdictOf(at.store, firing) !== undefined).indexOf(true)).toBe(3);
  });

  it('without a picture of its scene is shown what was recorded of its last seconds', async () => {
    await using at = await openBox();
    const tellers = standIn();
    await using _verdicts = at.start(tellers);
    const endMs = NOON + 8000;
    const firing = enter(at.store, at.alert, NOON, { sceneId: 99, endMs, atMs: endMs });
    record(at.store, at.mediaDir, at.stream, NOON, 'color=white:size=320x240:rate=10:duration=8');
    await soon(() => expect(verdictOf(at.store, firing)).toBeDefined());
    const frames = tellers.asked[0]?.frames ?? [];
    expect(frames.length).toBeGreaterThan(10);
    for (const shown of frames) {
      expect(brightnessOf(shown)).toBeGreaterThan(200);
      expect(shown.atMs).toBeGreaterThanOrEqual(endMs - 4000);
      expect(shown.atMs).toBeLessThan(endMs);
    }
  });

  it('is passed over where there is no picture of it', async () => {
    await using at = await openBox();
    const blind = enter(at.store, at.alert, NOON, { sceneId: 99, atMs: NOON });
    const tellers = standIn();
    await using verdicts = at.start(tellers, { recordedMs: 50 });
    await soon(() => expect(verdicts.status().gaveUp).toBe(1));
    expect([verdictOf(at.store, blind), tellers.asked]).toEqual([undefined, []]);
  });

  it('is looked at by the next life when the box stops meanwhile', async () => {
    await using at = await openBox();
    const firing = await at.fire();
    const hanging = standIn(() => new Promise(() => undefined));
    {
      const giving = { ...hanging, tell: (wish: Wish, signal?: AbortSignal) => abortable(hanging.tell(wish), signal) };
      await using _first = at.start(giving);
      await soon(() => expect(hanging.asked).toHaveLength(1));
    }
    expect(verdictOf(at.store, firing)).toBeUndefined();
    const tellers = standIn();
    {
      await using _second = at.start(tellers);
      await soon(() => expect(verdictOf(at.store, firing)).toBeDefined());
    }
    const again = standIn();
    await using third = at.start(again);
    const next = await at.fire();
    await soon(() => expect(verdictOf(at.store, next)).toBeDefined());
    expect(again.asked).toHaveLength(1);
    expect(third.status().given).toBe(1);
  });

  it('is not waited with where all who look only describe', async () => {
    await using at = await openBox();
    await at.fire();
    const status = () => ({ name: 'local', state: 'ready', model: 'describer', asked: 0, failed: 0 }) as const;
    const tell = async () => ({ text: 'A room.', by: 'describer' });
    const describer: TellersDeps['tellers'][number] = { name: 'local', follows: false, ready: true, status, tell };
    await using tellers = new Tellers({ tellers: [describer], store: at.store, log: quiet });
    await using verdicts = at.start(tellers);
    await soon(() => expect(at.store.journal.cursor('verdicts')).toBe(at.store.journal.head()));
    expect(verdicts.status()).toEqual({ given: 0, gaveUp: 0 });
  });

  it('does not keep the journal from being pruned where nobody looks', async () => {
    await using at = await openBox();
    await at.fire();
    const tellers = { ...standIn(), hasFollower: false };
    await using verdicts = at.start(tellers);
    await soon(() => expect(at.store.journal.cursor('verdicts')).toBe(at.store.journal.head()));
    const { id } = at.store.scenes.add(aScene(at.index), axis(0), 'm');
    for (let i = 0; i < 600; i += 1) at.store.scenes.grow(id, NOON + 6000 + i);
    await soon(() => expect(at.store.journal.head() - at.store.journal.cursor('verdicts')).toBeLessThan(500));
    expect([tellers.asked, verdicts.status()]).toEqual([[], { given: 0, gaveUp: 0 }]);
  });
});

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
