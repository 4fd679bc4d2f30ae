/** What the prompt of an index asks for beside the things that it names. */
export type Aspect = 'faces' | 'text' | 'colours' | 'identity' | 'activity' | 'motion' | 'light' | 'tamper';

/** Something to look for, by the person's word for it. */
export interface Interest {
  word: string;
  /** Labels of detectors. */
  labels: string[];
}

/** A value of the JSON that a prompt asks for. */
export type Shape =
  | { type: 'object'; fields: Record<string, Shape> }
  | { type: 'list'; of: Shape }
  | { type: 'text' | 'number' | 'flag' | 'any'; hint: string };

/** What the prompt of an index asks for: data that a person can read and check. */
export interface IndexPlan {
  /** Only these are told of; everything when there are none. */
  interests: Interest[];
  /** What no detector has a label for ("a forklift"): for models that compare pictures with texts. */
  phrases: string[];
  aspects: Aspect[];
  /** For a model that follows instructions. */
  instruction: string;
  /** The JSON that it asks for. */
  json?: Shape;
  /** One sentence: how the prompt was understood. */
  understood: string;
  /** Tasks of models without which a part can't be told: `object-detection`, `text-recognition`, `image-text` … */
  needs: string[];
}
