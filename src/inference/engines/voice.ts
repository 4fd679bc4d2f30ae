import type { Engine, LoadOf, VoiceState } from '../protocol.ts';
import { floatsOf, openSessionHere, runSession, shapeOf } from './session.ts';
import { toFloats } from './waveform.ts';

/** Samples that the model judges at a time, and those before them that it wants to see again. */
const CHUNK = 512;
const CONTEXT = 64;
const MEMORY = [2, 1, 128] as const;
const RATE = BigInt64Array.of(16_000n);

/** Silero's detector of speech. Streams share it: what it remembers of each comes and goes with the question. */
export async function loadVoice({ file, threads }: LoadOf<'voice-activity'>): Promise<Engine<'voice-activity'>> {
  const session = await openSessionHere({ file, threads });
  const { inputs, outputs } = shapeOf(session);
  if (!inputs['input'] || !inputs['state'] || !inputs['sr'] || !outputs['output'] || !outputs['stateN']) {
    throw new Error('it is no Silero: needs inputs "input", "state", "sr" and outputs "output", "stateN"');
  }
  return {
    async answer({ samples, state = blank() }) {
      const waveform = toFloats(samples);
      const probabilities = new Float32Array(Math.floor(waveform.length / CHUNK));
      let { memory, tail } = state;
      for (let i = 0; i < probabilities.length; i++) {
        const chunk = waveform.subarray(i * CHUNK, (i + 1) * CHUNK);
        const data = new Float32Array(CONTEXT + CHUNK);
        data.set(tail);
        data.set(chunk, CONTEXT);
        const results = await runSession(session, {
          input: { data, dims: [1, data.length] },
          state: { data: memory, dims: MEMORY },
          sr: { data: RATE, dims: [] },
        });
        probabilities[i] = floatsOf(results, 'output')[0] ?? 0;
        memory = floatsOf(results, 'stateN');
        tail = chunk.slice(-CONTEXT);
      }
      return { probabilities, state: { memory, tail } };
    },
  };
}

function blank(): VoiceState {
  return { memory: new Float32Array(MEMORY[0] * MEMORY[1] * MEMORY[2]), tail: new Float32Array(CONTEXT) };
}
