import type { Engine, LoadOf, Recognition } from '../protocol.ts';
import { type Said, trusted } from './guards.ts';
import { toFloats } from './waveform.ts';
import { type Heard, Whisper } from './whisper.ts';
import { wordsOf } from './words.ts';

const RATE = 16_000;
/** Less is no word. */
const LEAST_SECONDS = 0.1;
/** The largest level of a tenth of a second, below which nothing was said: -60 dBFS. */
const SILENCE = 0.001;
/** How often a model that breaks off is asked to go on. */
const MOST_PASSES = 4;

/** Whisper, which writes down speech. What can't be trusted isn't told. */
export async function loadSpeech(request: LoadOf<'speech-recognition'>): Promise<Engine<'speech-recognition'>> {
  const whisper = await Whisper.load(request);
  return {
    async answer({ samples, language }) {
      const most = (request.windowMs * RATE) / 1000;
      if (samples.length > most) throw new Error(`${samples.length} samples are more than the model's ${most}`);
      return recognise(whisper, toFloats(samples), language);
    },
  };
}

async function recognise(whisper: Whisper, waveform: Float32Array, language: string | undefined): Promise<Recognition> {
  const parts: Said[] = [];
  let from = 0;
  while (parts.length < MOST_PASSES && isAudible(waveform.subarray(from))) {
    const heard = await whisper.listen(waveform.subarray(from), language ?? parts[0]?.language);
    parts.push(said(heard, from / RATE, waveform.length / RATE));
    if (heard.brokeOffAt === undefined) break;
    from += Math.round(heard.brokeOffAt * RATE);
  }
  return trusted(parts);
}

function said({ pieces, language, logProbability, tokens, noSpeech }: Heard, offset: number, seconds: number): Said {
  const words = wordsOf(pieces, offset, seconds);
  return { words, language, logProbability, tokens, noSpeech };
}

function isAudible(waveform: Float32Array): boolean {
  const step = RATE * LEAST_SECONDS;
  for (let at = 0; at + step <= waveform.length; at += step) {
    let sum = 0;
    for (let i = at; i < at + step; i++) sum += (waveform[i] ?? 0) ** 2;
    if (Math.sqrt(sum / step) >= SILENCE) return true;
  }
  return false;
}
