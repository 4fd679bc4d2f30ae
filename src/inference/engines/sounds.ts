import type { Engine, LoadOf } from '../protocol.ts';
import { floatsOf, openSessionHere, runSession, shapeOf } from './session.ts';
import { toFloats } from './waveform.ts';

/** What the model wants to hear at least: 0.975 s. */
const LEAST = 15_600;
/** What it is given at once: memory stays flat however long the sound is. */
const MOST = 160_000;

/** YAMNet, which names sounds. Of several moments each class has the score of the one where it was heard best. */
export async function loadSounds(request: LoadOf<'audio-classification'>): Promise<Engine<'audio-classification'>> {
  const session = await openSessionHere(request);
  const { inputs, outputs } = shapeOf(session);
  const classes = outputs['scores']?.[1];
  if (!inputs['waveform'] || classes === undefined) {
    throw new Error('it is no YAMNet: needs an input "waveform" and an output "scores"');
  }
  if (typeof classes === 'number' && classes !== request.labels) {
    throw new Error(`it tells ${classes} classes apart where the pack has ${request.labels} labels`);
  }
  return {
    async answer({ samples, minScore }) {
      const best = new Float32Array(request.labels);
      for (const piece of pieces(samples)) {
        const data = toFloats(piece);
        const scores = floatsOf(await runSession(session, { waveform: { data, dims: [data.length] } }), 'scores');
        scores.forEach((score, i) => {
          const label = i % request.labels;
          best[label] = Math.max(best[label] ?? 0, score);
        });
      }
      const found = Array.from(best, (score, label) => ({ label, score })).filter(({ score }) => score >= minScore);
      return found.sort((a, b) => b.score - a.score);
    },
  };
}

/** What is left at the end is heard together with what was before it; what is too short is heard with silence after it. */
function* pieces(samples: Int16Array): Generator<Int16Array> {
  if (samples.length < LEAST) {
    const padded = new Int16Array(LEAST);
    padded.set(samples);
    yield padded;
    return;
  }
  for (let start = 0; start < samples.length; start += MOST) {
    yield samples.subarray(Math.min(start, samples.length - LEAST), start + MOST);
  }
}
