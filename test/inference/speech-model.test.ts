/** The tests' own speech model really listens: measured on sentences and voices that it was not trained on. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { wordErrors } from '../bench/word-errors.ts';
import { heldOut, SPEECH_MODEL } from '../e2e/support/speech-model.ts';
import { until } from '../e2e/support/waiting.ts';
import { earsWith, samplesOf } from './audio.ts';

const run = promisify(execFile);
const MOST_ERRORS = 0.15;

it('writes down held-out sentences of held-out voices with few errors', async () => {
  const { sentences, voices } = heldOut();
  const dir = await mkdtemp(join(tmpdir(), 'wp-said-'));
  await using ears = await earsWith([SPEECH_MODEL]);
  try {
    await until('the speech model', () => ears.listening.status().speech.state === 'ready');
    const heard: string[] = [];
    for (const [i, sentence] of sentences.entries()) {
      const samples = await said(sentence, voices[i % voices.length] ?? 'en', dir);
      const { text } = await ears.listening.recognise(samples, {}, new AbortController().signal);
      heard.push(text);
    }
    const rate = wordErrors(sentences.join(' '), heard.join(' '));
    console.info(`word error rate on ${sentences.length} held-out sentences: ${(rate * 100).toFixed(1)} %`);
    expect(rate).toBeLessThanOrEqual(MOST_ERRORS);
  } finally {
    await rm(dir, { recursive: true });
  }
}, 180_000);

async function said(text: string, voice: string, dir: string): Promise<Int16Array> {
  const [spoken, file] = [join(dir, 'spoken.wav'), join(dir, '16k.wav')];
  await run('espeak-ng', ['-v', voice, '-s', '150', '-w', spoken, text]);
  await run('ffmpeg', ['-loglevel', 'error', '-y', '-i', spoken, '-ar', '16000', '-ac', '1', file]);
  return samplesOf(file);
}
