/** A vector of unit length that is this like the axis it leans to, as cosine; `aside` makes it differ from its peers. */
export function leaning(axis: number, likeness = 1, aside = 7): Float32Array {
  const vector = new Float32Array(16);
  vector[axis] = likeness;
  vector[aside] = Math.sqrt(1 - likeness * likeness);
  return vector;
}
