import { availableParallelism } from 'node:os';
import type { ModelPack } from '#models';
import type { LoadRequest } from './protocol.ts';

/** What the host process must know to load a pack. */
export function loadRequest(pack: ModelPack): LoadRequest {
  const common = { kind: 'load', file: pack.file } as const;
  switch (pack.task) {
    case 'object-detection': {
      const { task, family, inputSize, labels, pixels } = pack;
      const known = { family, inputSize, labels: labels.length, ...(pixels ? { pixels } : {}) };
      return { ...common, task, ...known, threads: threads() };
    }
    case 'face-detection':
    case 'person-embedding':
    case 'text-detection':
      return { ...common, task: pack.task, threads: threads() };
    case 'text-recognition':
      return { ...common, task: pack.task, alphabet: pack.labels, threads: threads() };
    case 'image-embedding':
      return { ...common, task: pack.task, labels: pack.labels, threads: threads() };
    case 'voice-activity':
      // One answer takes a tenth of a millisecond: a second thread costs more than it brings.
      return { ...common, task: pack.task, threads: 1 };
    case 'audio-classification':
      return { ...common, task: pack.task, labels: pack.labels.length, threads: 1 };
    case 'speech-recognition': {
      const { task, dir, precision, windowMs } = pack;
      return { ...common, task, file: dir, precision, windowMs, threads: threads() };
    }
    case 'image-text': {
      const { task, dir, family, precision, inputSize, contextTokens, sureness } = pack;
      const known = { family, precision, inputSize, contextTokens, ...(sureness ? { sureness } : {}) };
      return { ...common, task, file: dir, ...known, threads: threads() };
    }
    case 'image-to-text': {
      const { task, dir, family, precision, inputSize, contextTokens, mostPictures } = pack;
      const known = { family, precision, inputSize, contextTokens, mostPictures };
      return { ...common, task, file: dir, ...known, threads: threads() };
    }
    case 'text-generation': {
      const { task, dir, precision, outside, contextTokens } = pack;
      return { ...common, task, file: dir, precision, outside, contextTokens, threads: threads() };
    }
  }
}

/** Half the cores, at most two: more makes one answer quicker and the box slower. */
function threads(): number {
  return Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)));
}
