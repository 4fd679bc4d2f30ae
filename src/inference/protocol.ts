import type { Box } from '#domain';
import type { ModelFamily, ModelPack } from '#models';

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

/** How a family's model is fed and read. Boxes come out as fractions of the picture. */
export interface Family {
  /** Input tensors by name. */
  prepare(picture: Picture, size: Size): Record<string, TensorData>;
  /** Answers at or above `minScore`, best first. */
  read(outputs: Record<string, TensorData>, picture: Picture, size: Size, minScore: number): RawDetection[];
  /** Why a model with these inputs and outputs isn't one of this family; undefined when it is. */
  problem(model: ModelShape, size: Size, labels: number): string | undefined;
}

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

export interface LoadRequest {
  kind: 'load';
  family: ModelFamily;
  file: string;
  inputSize: ModelPack['inputSize'];
  labels: number;
  threads: number;
}

export interface DetectRequest {
  kind: 'detect';
  id: number;
  picture: Picture;
  minScore: number;
}

/** Parent → host. One request is under way at a time. */
export type HostRequest = LoadRequest | DetectRequest;

/** Host → parent. */
export type HostAnswer =
  | { kind: 'loaded' }
  | { kind: 'unusable'; problem: string }
  | { kind: 'detections'; id: number; detections: RawDetection[]; rssMb: number }
  | { kind: 'failed'; id: number; problem: string };
