/**
 * What it costs to write down what is said: the whole path from samples to the store, against the bare transformers
 * pipeline with the same model on the same stretches; and what silence costs against as much speech.
 */
import { readFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import { env, pipeline } from '@huggingface/transformers';
import type { PcmChunk, Stream } from '#domain';
import { newId, PCM_RATE, RECORD_ALL } from '#domain';
import { Spool } from '#hearing';
import { Listening } from '#inference';
import { ModelLibrary } from '#models';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';
import { Ear, hear } from '../../src/pipeline/hear.ts';
import { Transcriber } from '../../src/pipeline/transcriber.ts';
import { processTree } from '../e2e/support/processes.ts';
import { sharedFile } from '../e2e/support/shared.ts';
import { heldOut, SPEECH_MODEL } from '../e2e/support/speech-model.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { spoken } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import type { Figures } from './main.ts';
import { wordErrors } from './word-errors.ts';

const SENTENCES = 72;
const EVERY_S = 6;
const LENGTH_S = SENTENCES * EVERY_S;
const CHUNK = PCM_RATE / 2;

export async function hearing(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  const { sentences, voices } = heldOut();
  const sayings = Array.from({ length: SENTENCES }, (_, i) => ({
    atS: i * EVERY_S + 0.5,
    text: sentences[i % sentences.length] ?? '',
    voice: voices[i % voices.length] ?? 'en',
  }));
  const speech = await samplesOf(await spoken(LENGTH_S, sayings));
  const path = await wholePath(speech);
  const bare = await barePipeline(path.stretches.map(([start, end]) => speech.subarray(start, end)));
  const silence = await wholePath(faintNoise(speech.length));
  const said = sayings.map(({ text }) => text).join(' ');
  return {
    rtf_ratio: round(path.wallS / bare.wallS),
    silence_ratio: round(silence.cpuS / path.cpuS),
    wer: round(wordErrors(said, path.text)),
    wer_bare: round(wordErrors(said, bare.text)),
    path_seconds: round(path.wallS),
    path_cpu_seconds: round(path.cpuS),
    bare_seconds: round(bare.wallS),
    silence_cpu_seconds: round(silence.cpuS),
    audio_seconds: LENGTH_S,
    voice_detector: path.voice,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load_before: round(loadBefore),
  };
}

interface PathMeasure {
  wallS: number;
  cpuS: number;
  text: string;
  voice: string;
  /** The utterances, in samples. */
  stretches: [number, number][];
}

/** As fast as it goes; the models are loaded before the measurement begins. */
async function wholePath(samples: Int16Array): Promise<PathMeasure> {
  await using dir = await tempDir();
  const life = new Lifetime();
  try {
    const log = createLog('silent');
    const { signal } = new AbortController();
    const about = { clock: systemClock, log };
    const store = life.use(await Store.open(dir.path, about));
    const models = await ModelLibrary.open(join(dir.path, 'models'), log);
    await models.importPack(SPEECH_MODEL);
    const silero = sharedFile('models/silero-vad-16k');
    if (silero) await models.importPack(silero);
    const listening = life.use(await Listening.start({ models, ...about }, signal));
    await until('the speech model', () => listening.status().speech.state === 'ready');
    await listening.recognise(new Int16Array(PCM_RATE), {}, signal);
    const spool = await Spool.open({
      dir: join(dir.path, 'spool'),
      ...about,
      recordGap: (gap) => store.transcripts.addGap(gap),
      isUrgent: () => false,
      room: async () => Number.MAX_SAFE_INTEGER,
    });
    const transcriber = life.use(await Transcriber.start({ store, spool, listening, ...about }, signal));
    const stream = aStream(store);
    const startMs = Date.now();
    const cpuBefore = await cpuSeconds();
    const began = performance.now();
    const ear = new Ear(() => stream, { store, spool, listening, ...about });
    await hear(chunksOf(samples, startMs), ear, signal);
    await drained(transcriber);
    const wallS = (performance.now() - began) / 1000;
    const cpuS = (await cpuSeconds()) - cpuBefore;
    const transcripts = store.transcripts.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER);
    const at = (ms: number) => Math.round(((ms - startMs) * PCM_RATE) / 1000);
    return {
      wallS,
      cpuS,
      text: transcripts.map(({ text }) => text).join(' '),
      voice: listening.status().voice.pack ?? 'built-in',
      stretches: transcripts.map((transcript) => [at(transcript.startMs), at(transcript.endMs)]),
    };
  } finally {
    await life[Symbol.asyncDispose]();
  }
}

/** Looks often: what is measured takes seconds. */
async function drained(transcriber: Transcriber): Promise<void> {
  while (transcriber.status().waiting > 0) await timer(5);
}

async function barePipeline(stretches: readonly Int16Array[]): Promise<{ wallS: number; text: string }> {
  env.allowRemoteModels = false;
  env.localModelPath = join(SPEECH_MODEL, '..');
  const options = { dtype: 'fp32', session_options: { intraOpNumThreads: 1 } } as const;
  const recognise = await pipeline('automatic-speech-recognition', 'model', options);
  const read = async (samples: Int16Array) => {
    const answer = await recognise(
      Float32Array.from(samples, (sample) => sample / 32_768),
      { return_timestamps: 'word' },
    );
    return Array.isArray(answer) ? '' : answer.text;
  };
  await read(new Int16Array(PCM_RATE));
  const began = performance.now();
  const texts: string[] = [];
  for (const stretch of stretches) texts.push(await read(stretch));
  return { wallS: (performance.now() - began) / 1000, text: texts.join(' ') };
}

async function* chunksOf(samples: Int16Array, startMs: number): AsyncGenerator<PcmChunk> {
  for (let at = 0; at < samples.length; at += CHUNK) {
    yield { atMs: startMs + (at * 1000) / PCM_RATE, samples: samples.slice(at, at + CHUNK) };
  }
}

/** Of a WAV that ffmpeg wrote: 16 bit, any rate that divides by 16 kHz. */
async function samplesOf(file: string): Promise<Int16Array> {
  const bytes = await readFile(file);
  const rate = bytes.readUInt32LE(24);
  const data = bytes.indexOf('data') + 8;
  const step = rate / PCM_RATE;
  return Int16Array.from({ length: Math.floor((bytes.length - data) / 2 / step) }, (_, i) => {
    return bytes.readInt16LE(data + Math.floor(i * step) * 2);
  });
}

function faintNoise(length: number): Int16Array {
  return Int16Array.from({ length }, (_, n) => ((n * 7919) % 61) - 30);
}

async function cpuSeconds(): Promise<number> {
  return (await processTree(process.pid)).reduce((sum, entry) => sum + entry.cpuSeconds, 0);
}

function aStream(store: Store): Stream {
  const stream: Stream = {
    id: newId('stream'),
    collectionId: store.defaultCollection.id,
    name: 'Yard',
    url: 'rtsp://127.0.0.1/yard',
    mediaTypes: ['audio', 'video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: true, engine: 'default', changedMs: 0 },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: 0,
  };
  store.streams.create(stream);
  return stream;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
