import { availableParallelism } from 'node:os';
import type { ModelPack } from '#models';
import type { LoadRequest } from './protocol.ts';

/** What the host process must know to load a pack. */
export function loadRequest(pack: ModelPack, cameras = 0): LoadRequest {
  const common = { kind: 'load', file: pack.file } as const;
  const cores = availableParallelism();
  const quick = threadsFor('quick', cores, cameras);
  const slow = threadsFor('slow', cores, cameras);
  switch (pack.task) {
    case 'object-detection': {
      const { task, family, inputSize, labels, pixels } = pack;
      const known = { family, inputSize, labels: labels.length, ...(pixels ? { pixels } : {}) };
      return { ...common, task, ...known, threads: quick };
    }
    case 'face-detection':
    case 'person-embedding':
    case 'text-detection':
      return { ...common, task: pack.task, threads: quick };
    case 'text-recognition':
      return { ...common, task: pack.task, alphabet: pack.labels, threads: quick };
    case 'image-embedding':
      return { ...common, task: pack.task, labels: pack.labels, threads: quick };
    case 'voice-activity':
      // One answer takes a tenth of a millisecond: a second thread costs more than it brings.
      return { ...common, task: pack.task, threads: 1 };
    case 'audio-classification':
      return { ...common, task: pack.task, labels: pack.labels.length, threads: 1 };
    case 'speech-recognition': {
      const { task, dir, precision, windowMs } = pack;
      return { ...common, task, file: dir, precision, windowMs, threads: slow };
    }
    case 'image-text': {
      const { task, dir, family, precision, inputSize, contextTokens, sureness } = pack;
      const known = { family, precision, inputSize, contextTokens, ...(sureness ? { sureness } : {}) };
      return { ...common, task, file: dir, ...known, threads: quick };
    }
    case 'image-to-text': {
      const { task, dir, family, precision, inputSize, contextTokens, mostPictures } = pack;
      const known = { family, precision, inputSize, contextTokens, mostPictures };
      return { ...common, task, file: dir, ...known, threads: slow };
    }
    case 'text-generation': {
      const { task, dir, precision, outside, contextTokens } = pack;
      return { ...common, task, file: dir, precision, outside, contextTokens, threads: slow };
    }
  }
}

/** More than this makes no model of this size quicker. */
const MOST_THREADS = 4;
/** Cameras whose recording and pictures take about one core. */
const CAMERAS_PER_CORE = 4;

/**
 * Of one model on so many cores beside so many running cameras: one core is left to what records, another for each four
 * cameras; of the rest quick models, of which one runs at a time, get the larger half and a slow one the smaller. One at
 * least, four at most.
 */
export function threadsFor(what: 'quick' | 'slow', cores: number, cameras: number): number {
  const rest = cores - 1 - Math.floor(cameras / CAMERAS_PER_CORE);
  const share = what === 'quick' ? Math.ceil(rest / 2) : Math.floor(rest / 2);
  return Math.max(1, Math.min(MOST_THREADS, share));
}
