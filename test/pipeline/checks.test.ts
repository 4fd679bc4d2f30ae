/** What is asked before an alert fires, from the stored scene to the firing, with a stand-in for the model. */
import { setMaxListeners } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Told } from '#domain';
import { Evaluator, ruleFor } from '#events';
import { thumbnail } from '#inference';
import { type CheckLimits, Checks, type Wish } from '#pipeline';
import { systemClock } from '#runtime';
import { frame } from '../inference/pictures.ts';
import { aCamera, anAlert, anEvent, aScene, axis, openStore, quiet } from '../store/fixture.ts';

vi.setConfig({ testTimeout: 60_000 });
const soon = (check: () => void) => vi.waitFor(check, 20_000);
const never = new AbortController().signal;
setMaxListeners(0, never);

const MESSY = 'the shelf looks messy';

/** A model that says what it is told to; it hangs when that is undefined, and has no time when it is "nobody". */
function seer(say: (wish: Wish) => string | undefined | Promise<string> = () => 'Yes, boxes lie about.') {
  const asked: Wish[] = [];
  return {
    hasFollower: true,
    follows: true,
    asked,
    tell: (wish: Wish, signal: AbortSignal) =>
      new Promise<Told | undefined>((resolve, reject) => {
        asked.push(wish);
        signal.addEventListener('abort', () => reject(signal.reason));
        void Promise.resolve(say(wish)).then((text) => {
          if (text !== undefined) resolve(text === 'nobody' ? undefined : { text, by: 'seer' });
        });
      }),
  };
}

async function openBox() {
  const at = await openStore(systemClock);
  const [thumbsDir, mediaDir] = [join(at.dir, 'thumbs'), join(at.dir, 'media')];
  const { index } = aCamera(at.store);
  const rule = ruleFor(MESSY, { zones: [] });
  const event = anEvent({ rule, prompt: MESSY });
  at.store.events.create(event);
  const sinceMs = Date.now();
  const alert = anAlert(index, event, { createdMs: sinceMs });
  at.store.alerts.create(alert);
  let scenes = 0;
  return {
    ...at,
    alert,
    /** A scene with a picture; it looks so much like the sentence, as far as anything tells. */
    async show(text = 'Something moves.'): Promise<number> {
      const startMs = sinceMs + scenes * 40_000;
      scenes += 1;
      const thumbPath = `cam/${startMs}.jpg`;
      await mkdir(dirname(join(thumbsDir, thumbPath)), { recursive: true });
      await writeFile(join(thumbsDir, thumbPath), await thumbnail(frame(0, () => 90)));
      return at.store.scenes.add(aScene(index, { startMs, endMs: startMs + 5000, text, thumbPath }), axis(0), 'm').id;
    },
    async start(tellers: ReturnType<typeof seer>, limits: Partial<CheckLimits> = {}, sure?: number) {
      const deps = { store: at.store, clock: systemClock, log: quiet };
      const meanings = {
        similar: () => (sure === undefined ? undefined : { similar: { [MESSY]: sure }, comparedBy: 'clip' }),
      };
      const evaluator = await Evaluator.start({ ...deps, tellers, meanings, mqttTopic: false }, never);
      const checks = Checks.start({ ...deps, tellers, thumbsDir, mediaDir, limits }, never);
      return {
        checks,
        evaluator,
        async [Symbol.asyncDispose]() {
          await evaluator[Symbol.asyncDispose]();
          await checks[Symbol.asyncDispose]();
        },
      };
    },
    firings: () => at.store.firings.recent({ limit: 99 }),
  };
}

describe('before an alert fires that no rule stands for', () => {
  it('a model is shown the picture; its yes is what fires it', async () => {
    await using box = await openBox();
    const tellers = seer();
    await using life = await box.start(tellers, {}, 0.4);
    const sceneId = await box.show();
    await soon(() => expect(box.firings()).toHaveLength(1));
    const verdict = { confirmed: true, text: 'Yes, boxes lie about.', by: 'seer' };
    expect(box.firings()).toMatchObject([
      {
        sceneId,
        confidence: 0.9,
        verdict,
        evidence: { packs: expect.arrayContaining(['clip']), check: { decidedBy: 'model', likeness: 0.4, verdict } },
      },
    ]);
    expect(tellers.asked).toMatchObject([
      { priority: 'alert', strict: true, instruction: expect.stringContaining(`“${MESSY}”`) },
    ]);
    expect(tellers.asked[0]?.frames).toHaveLength(1);
    expect(life.checks.status()).toEqual({ waiting: 0, confirmed: 1, denied: 0, undecided: 0 });
  });

  it('its no keeps it from firing, whatever the likeness', async () => {
    await using box = await openBox();
    await using life = await box.start(
      seer(() => 'No.'),
      {},
      0.95,
    );
    for (let n = 0; n < 3; n++) {
      await box.show();
      await soon(() => expect(life.checks.status().denied).toBe(n + 1));
      await soon(() => expect(life.evaluator.status().lag).toBe(0));
    }
    expect(box.firings()).toEqual([]);
  });

  it.each([
    ['it hangs', undefined, 0.9, 1],
    ['it hangs, and pictures are not sure', undefined, 0.4, 0],
    ['nobody has time', 'nobody', 0.9, 1],
    ['it says neither yes nor no', 'Well.', 0.9, 1],
  ] as const)('likeness decides when %s', async (_, text, sure, fired) => {
    await using box = await openBox();
    const limits = { deadlineMs: 1500, retryMs: 50 };
    await using life = await box.start(
      seer(() => text),
      limits,
      sure,
    );
    await box.show();
    await soon(() => expect(box.store.journal.after(0, 99, ['question'])).toHaveLength(1));
    await box.show();
    await soon(() => expect(life.checks.status()).toMatchObject({ waiting: 0 }));
    await soon(() => expect(box.firings()).toHaveLength(fired));
    await soon(() => expect(life.evaluator.status().lag).toBe(0));
    expect(life.checks.status().undecided).toBeGreaterThan(0);
    for (const { evidence } of box.firings()) expect(evidence.check).toMatchObject({ decidedBy: 'likeness' });
    expect(box.firings()).toHaveLength(fired);
  });

  it('a question is asked again by the next life, and is given up when it is too late', async () => {
    await using box = await openBox();
    {
      const tellers = seer(() => undefined);
      await using _life = await box.start(tellers, {}, 0.4);
      await box.show();
      await soon(() => expect(tellers.asked).toHaveLength(1));
    }
    expect(box.store.questions.waiting()).toBe(1);
    {
      await using _again = await box.start(seer(), {}, 0.4);
      await soon(() => expect(box.firings()).toHaveLength(1));
    }
    {
      const tellers = seer(() => undefined);
      await using _life = await box.start(tellers, {}, 0.4);
      await box.show();
      await soon(() => expect(tellers.asked).toHaveLength(1));
    }
    const late = seer();
    await using life = await box.start(late, { deadlineMs: 1 }, 0.4);
    await soon(() => expect(life.checks.status()).toMatchObject({ waiting: 0, undecided: 1 }));
    expect(late.asked).toEqual([]);
  });

  it('nobody is asked while the alert is snoozed', async () => {
    await using box = await openBox();
    const tellers = seer(() => undefined);
    await using life = await box.start(tellers, {}, 0.9);
    box.store.alerts.snooze(box.alert.id, Date.now() + 3_600_000, 'test');
    await box.show();
    await soon(() => expect(life.evaluator.status().lag).toBe(0));
    expect(box.store.questions.get(box.alert.id)).toBeUndefined();
    box.store.alerts.snooze(box.alert.id, undefined, 'test');
    await box.show();
    await soon(() => expect(tellers.asked).toHaveLength(1));
  });

  it('an alert that was disarmed meanwhile asks anew when it is armed again', async () => {
    await using box = await openBox();
    let answer: (text: string) => void = () => undefined;
    const answered = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const tellers = seer(() => answered);
    await using life = await box.start(tellers, {}, 0.4);
    await box.show();
    await soon(() => expect(tellers.asked).toHaveLength(1));
    box.store.alerts.setStatus(box.alert.id, 'disabled', 'test');
    answer('Well.');
    await soon(() => expect(life.checks.status().undecided).toBe(1));
    await soon(() => expect(life.evaluator.status().lag).toBe(0));
    box.store.alerts.setStatus(box.alert.id, 'enabled', 'test');
    await box.show();
    await soon(() => expect(tellers.asked).toHaveLength(2));
  });

  it('pictures decide by themselves where no such model is', async () => {
    await using box = await openBox();
    await using _life = await box.start({ ...seer(), hasFollower: false }, {}, 0.9);
    await box.show();
    await box.show();
    await soon(() => expect(box.firings()).toHaveLength(1));
    expect(box.firings()[0]?.evidence).not.toHaveProperty('check');
    expect(box.firings()[0]?.evidence.packs).toContain('clip');
  });
});
