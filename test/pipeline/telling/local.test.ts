import { describe, expect, it } from 'vitest';
import { LocalTeller } from '#pipeline';
import { Fault, systemClock } from '#runtime';
import { frame } from '../../inference/pictures.ts';

const stop = new AbortController().signal;
const FRAMES = [0, 1, 2].map((at) => frame(at, () => 90));

function aTeller(answer: () => Promise<string>, pack: string | null = 'smolvlm', mostPictures = 8) {
  const at = { now: 0, state: 'ready' as 'ready' | 'loading' | 'restarting' | 'none', shown: [] as number[][] };
  const telling = {
    follows: true,
    mostPictures,
    tell: (frames: readonly object[]) => {
      at.shown.push(frames.flatMap((one) => FRAMES.flatMap((other, i) => (other === one ? i : []))));
      return answer();
    },
    status: () => ({ state: at.state, restarts: 0, ...(pack === null ? {} : { pack }) }),
  };
  return Object.assign(at, { teller: new LocalTeller(telling, { ...systemClock, monotonicMs: () => at.now }) });
}

const showing = { frames: FRAMES, instruction: 'Describe' };

describe('a pack that looks at pictures', () => {
  it('is shown the first and the last, or the one in the middle, as many as it takes', async () => {
    const two = aTeller(async () => ' A gate. ');
    expect(await two.teller.tell(showing, stop)).toEqual({ text: 'A gate.', by: 'smolvlm' });
    const one = aTeller(async () => 'A gate.', 'florence', 1);
    await one.teller.tell(showing, stop);
    expect([two.shown, one.shown]).toEqual([[[0, 2]], [[1]]]);
    const status = { name: 'local', state: 'ready', model: 'smolvlm', asked: 1, failed: 0 };
    expect(two.teller.status()).toEqual(status);
  });

  it.each([
    ['nothing', async () => '  ', /empty/],
    ['the same again and again', async () => 'the gate is '.repeat(10), /repeats itself/],
    ['no answer', () => Promise.reject(new Fault('unavailable', 'the teller went away')), /went away/],
  ])('rests for half a minute after %s', async (_name, answer, reason) => {
    const at = aTeller(answer);
    await expect(at.teller.tell(showing, stop)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(at.teller.ready).toBe(false);
    expect(at.teller.status()).toMatchObject({ state: 'resting', failed: 1, lastError: expect.stringMatching(reason) });
    at.now += 30_000;
    expect(at.teller.ready).toBe(true);
  });

  it('is not asked before it is loaded, nor while its process is away, and is not there without a pack', () => {
    const at = aTeller(async () => 'x');
    for (const state of ['loading', 'restarting'] as const) {
      at.state = state;
      expect(at.teller.ready).toBe(false);
    }
    expect(aTeller(async () => 'x', null).teller.status()).toBeUndefined();
  });
});
