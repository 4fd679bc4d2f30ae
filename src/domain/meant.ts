/** A sentence, and what a picture may show instead of what it says, as one model compares pictures with them. */
export interface Meant {
  model: string;
  /** By what the model multiplies cosines before it chooses among texts. */
  scale: number;
  /** The sentence first. */
  texts: string[];
  /** One of unit length for each. */
  vectors: Float32Array[];
}
