/**
 * The process that runs models: the only place where onnxruntime is loaded. It gives way to the recorder, and ends when its
 * parent does.
 */
import { setPriority } from 'node:os';
import type {
  Answered,
  Asked,
  AskRequest,
  Engine,
  HostAnswer,
  HostRequest,
  LoadRequest,
  Picture,
  Task,
} from './protocol.ts';

/** Niceness: ffmpeg, which must keep up with the cameras, goes first. */
const YIELDING = 5;

/** One model for each task. */
const engines: { [T in Task]?: Engine<T> } = {};

/** What several models may look at; whoever asks says what can be forgotten. */
const pictures = new Map<number, Picture>();

async function answer(request: HostRequest): Promise<HostAnswer> {
  if (request.kind === 'offers') return offers();
  return request.kind === 'load' ? load(request) : tell(request);
}

async function offers(): Promise<HostAnswer> {
  const { listSupportedBackends } = await import('onnxruntime-node');
  return { kind: 'offers', providers: listSupportedBackends().map(({ name }) => name) };
}

async function load(request: LoadRequest): Promise<HostAnswer> {
  try {
    await start(request);
    return { kind: 'loaded' };
  } catch (error) {
    return { kind: 'unusable', problem: `${request.file} can't be loaded: ${text(error)}` };
  }
}

/** Engines bring large libraries: a process reads only those that it needs. */
async function start(request: LoadRequest): Promise<void> {
  switch (request.task) {
    case 'object-detection':
      engines[request.task] = await (await import('./engines/detector.ts')).loadDetector(request);
      break;
    case 'face-detection':
      engines[request.task] = await (await import('./engines/faces.ts')).loadFaces(request);
      break;
    case 'person-embedding':
      engines[request.task] = await (await import('./engines/appearance.ts')).loadAppearance(request);
      break;
    case 'text-detection':
      engines[request.task] = await (await import('./engines/text-finder.ts')).loadTextFinder(request);
      break;
    case 'text-recognition':
      engines[request.task] = await (await import('./engines/text-reader.ts')).loadTextReader(request);
      break;
    case 'image-embedding':
      engines[request.task] = await (await import('./engines/picture-embedder.ts')).loadPictureEmbedder(request);
      break;
    case 'voice-activity':
      engines[request.task] = await (await import('./engines/voice.ts')).loadVoice(request);
      break;
    case 'audio-classification':
      engines[request.task] = await (await import('./engines/sounds.ts')).loadSounds(request);
      break;
    case 'speech-recognition':
      engines[request.task] = await (await import('./engines/speech.ts')).loadSpeech(request);
      break;
    case 'image-text':
      engines[request.task] = await (await import('./engines/image-text.ts')).loadImageText(request);
      break;
    case 'image-to-text':
      engines[request.task] = await (await import('./engines/image-to-text.ts')).loadImageToText(request);
      break;
    case 'text-generation':
      engines[request.task] = await (await import('./engines/text.ts')).loadText(request);
  }
}

async function tell<T extends Task>({ task, ask: asked, picture }: AskRequest<T>): Promise<HostAnswer> {
  try {
    const ask = picture ? withPicture(asked, picture) : asked;
    const engine: Engine<T> | undefined = engines[task];
    if (!engine) throw new Error(`no model for ${task} is loaded`);
    const result = await engine.answer(ask);
    return { kind: 'answer', answer: result, rssMb: Math.round(process.memoryUsage.rss() / 1_048_576) };
  } catch (error) {
    return { kind: 'failed', problem: text(error) };
  }
}

/** The question as it was asked, with the picture that it brought or that was brought before. */
function withPicture<A extends object>(ask: A, { id, forget }: { id: number; forget: number[] }): A {
  for (const old of forget) pictures.delete(old);
  const brought = 'picture' in ask ? (ask.picture as Picture | undefined) : undefined;
  if (brought) pictures.set(id, brought);
  return { ...ask, picture: pictures.get(id) };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

setPriority(YIELDING);
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when we end.
process.on('SIGINT', () => undefined);
process.on('message', ({ id, request }: Asked) => {
  answer(request).then(
    (result) => process.send?.({ id, answer: result } satisfies Answered),
    () => process.exit(1),
  );
});
