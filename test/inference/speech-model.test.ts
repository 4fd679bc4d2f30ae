import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { earsWith, noise } from './audio.ts';

// A process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const model = join(import.meta.dirname, '../fixtures/speech-model/model');
const isHere = existsSync(join(model, 'onnx/encoder_model.onnx'));

describe.skipIf(!isHere)(`the project’s own speech model${isHere ? '' : ' (skipped: it has not been made)'}`, () => {
  it('is a pack as it lies there: imports, verifies, loads, and answers', async () => {
    await using ears = await earsWith([model]);
    const [pack] = ears.models.forTask('speech-recognition');
    expect(await ears.models.verify(pack?.name ?? '')).toEqual({ ok: true });
    await vi.waitFor(() => expect(ears.listening.status().speech.state).toBe('ready'), { timeout: 20_000 });
    expect(ears.listening.longestMs).toBe((pack?.windowMs ?? 0) - 2000);
    const heard = await ears.listening.recognise(noise(80_000, 2000), {}, new AbortController().signal);
    expect(heard.words.every(({ startMs, endMs }) => 0 <= startMs && startMs <= endMs && endMs <= 5000)).toBe(true);
    expect(heard.noSpeech).toBeGreaterThanOrEqual(0);
  });
});
