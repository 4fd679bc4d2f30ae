import type { Box, Word } from '#domain';
import type { DetectorPack, ImageTextPack, ImageToTextPack, SpeechPack, TextPack } from '#models';

/**
 * One text as it is compared with stored pictures: of unit length, and how sure the model is at a cosine to a picture:
 * the logistic function of `slope` × cosine + `offset`.
 */
export interface LikenessQuery {
  vector: Float32Array;
  slope: number;
  offset: number;
  /** The text's own vector, where `vector` is another: of pictures that surely show it, the nearest to this shows it best. */
  text?: Float32Array;
}

/** A picture as it crosses to the host process. */
export interface Picture {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/** One answer of a detector: `label` is an index into the pack's labels. */
export interface RawDetection {
  label: number;
  score: number;
  box: Box;
}

/** What a voice model carries from one stretch of a stream to the next. */
export interface VoiceState {
  /** The model's own memory. */
  memory: Float32Array;
  /** The last samples it was shown. */
  tail: Float32Array;
}

/** What was said in some samples, as a model heard it. */
export interface Recognition {
  /** Empty when nothing was said, or nothing that can be trusted. */
  text: string;
  /** Milliseconds from the first sample. */
  words: Word[];
  /** ISO 639-1, where the model tells. */
  language?: string;
  /** 0–1. */
  confidence: number;
  /** How likely it is that nothing was said at all, 0–1. */
  noSpeech: number;
}

/** How a family's model is fed and read. Boxes come out as fractions of the picture. */
export interface Family {
  /** Input tensors by name. */
  prepare(picture: Picture, size: Size, model: ModelShape): Record<string, TensorData>;
  /** Answers at or above `minScore`, best first. */
  read(outputs: Record<string, TensorData>, picture: Picture, size: Size, minScore: number): RawDetection[];
  /** Why a model with these inputs and outputs isn't one of this family; undefined when it is. */
  problem(model: ModelShape, size: Size, labels: number): string | undefined;
}

export type PixelValues = NonNullable<DetectorPack['pixels']>;

export interface Size {
  width: number;
  height: number;
}

export interface TensorData {
  data: Float32Array | BigInt64Array;
  dims: readonly number[];
}

/** Names and shapes as the ONNX file declares them; a symbolic dimension is its name. */
export interface ModelShape {
  inputs: Record<string, readonly (number | string)[]>;
  outputs: Record<string, readonly (number | string)[]>;
}

/** What each engine needs to load its model. */
export type LoadRequest = { kind: 'load'; file: string; threads: number; provider?: string } & (
  | ({ task: 'object-detection'; labels: number } & Pick<DetectorPack, 'family' | 'inputSize' | 'pixels'>)
  | { task: 'face-detection' }
  | { task: 'person-embedding' }
  | { task: 'text-detection' }
  | { task: 'text-recognition'; alphabet: string[] }
  // None where the model only tells how alike pictures are.
  | { task: 'image-embedding'; labels: string[] }
  | { task: 'voice-activity' }
  | { task: 'audio-classification'; labels: number }
  // `file` is the folder.
  | { task: 'speech-recognition'; precision: SpeechPack['precision']; windowMs: number }
  | ({ task: 'image-text' } & Pick<ImageTextPack, 'family' | 'precision' | 'inputSize' | 'contextTokens' | 'sureness'>)
  | ({ task: 'image-to-text' } & Pick<
      ImageToTextPack,
      'family' | 'precision' | 'inputSize' | 'contextTokens' | 'mostPictures'
    >)
  | ({ task: 'text-generation' } & Pick<TextPack, 'precision' | 'outside' | 'contextTokens'>)
);
export type LoadOf<T extends LoadRequest['task']> = Extract<LoadRequest, { task: T }>;

/** What the engines can be asked, by the task of the model that answers. */
export interface Asks {
  'object-detection': { picture: Picture; minScore: number };
  /** Whole chunks of 512 samples. */
  'voice-activity': { samples: Int16Array; state: VoiceState | undefined };
  'audio-classification': { samples: Int16Array; minScore: number };
  /** No more than the model hears at once. */
  'speech-recognition': { samples: Int16Array; language: string | undefined };
  'text-generation': { instructions: string; request: string; mostTokens: number };
  'face-detection': { picture: Picture; minScore: number };
  'person-embedding': { picture: Picture; boxes: Box[] };
  'text-detection': { picture: Picture };
  'text-recognition': { picture: Picture; boxes: Box[] };
  'image-embedding': { picture: Picture };
  'image-text': { picture: Picture | undefined; texts: string[] };
  'image-to-text': { pictures: Picture[]; instruction: string; mostTokens: number };
}

export interface Answers {
  'object-detection': RawDetection[];
  /** The probability of speech in each chunk. */
  'voice-activity': { probabilities: Float32Array; state: VoiceState };
  /** Largest score of each class, best first; `label` is an index into the pack's labels. */
  'audio-classification': { label: number; score: number }[];
  'speech-recognition': Recognition;
  'text-generation': { text: string };
  'face-detection': { score: number; box: Box }[];
  /** One of unit length for each box. */
  'person-embedding': Float32Array[];
  /** Where something is written, best first. */
  'text-detection': { score: number; box: Box }[];
  /** One for each box; empty where nothing can be read. */
  'text-recognition': { text: string; score: number }[];
  /** Of unit length. `labels` are names the model has for the whole picture, best first. */
  'image-embedding': { vector: Float32Array; labels: { label: string; score: number }[] };
  /** All of unit length, in one space. `likeness` of each text is 0–1: how sure the model is that it says what the picture shows. */
  'image-text': {
    picture: Float32Array | undefined;
    texts: Float32Array[];
    likeness: number[];
    queries: LikenessQuery[];
    /** By what the model multiplies cosines before it chooses among texts. */
    scale: number;
  };
  'image-to-text': { text: string };
}
export type Task = keyof Asks;

/** A model that is loaded, in the host process. */
export interface Engine<T extends Task> {
  answer(ask: Asks[T]): Promise<Answers[T]>;
}

/** Parent → host. Several may be under way; answers come in any order. */
export interface Asked {
  id: number;
  request: HostRequest;
}
export type HostRequest = LoadRequest | AskRequest | { kind: 'offers' };
export interface AskRequest<T extends Task = Task> {
  kind: 'ask';
  task: T;
  /** Without its picture where that is held there. */
  ask: Asks[T];
  /** The number under which the question's picture is kept, and those that aren't needed any more. */
  picture?: { id: number; forget: number[] };
}

/** Host → parent. */
export interface Answered {
  /** Of the question. */
  id: number;
  answer: HostAnswer;
}
export type HostAnswer =
  | { kind: 'loaded' }
  | { kind: 'unusable'; problem: string }
  /** What models may run on here. */
  | { kind: 'offers'; providers: string[] }
  | { kind: 'answer'; answer: Answers[Task]; rssMb: number }
  | { kind: 'failed'; problem: string };
