import type { Meant } from '#domain';

/**
 * How sure the model is that the picture shows what the sentence says, rather than any of what it may show instead, 0–1:
 * the softmax over all of them at the model's own scale. Undefined where they are of different models.
 */
export function similarityOf(
  { model, scale, vectors }: Meant,
  picture: { model: string; vector: Int8Array },
): number | undefined {
  const [sentence, ...others] = vectors;
  if (!sentence || picture.model !== model || picture.vector.length !== sentence.length) return undefined;
  // As floats: products of two kinds of arrays cost several times as much.
  const shown = new Float32Array(picture.vector);
  const length = Math.sqrt(product(shown, shown));
  if (length === 0) return undefined;
  const own = product(sentence, shown);
  let rivals = 0;
  for (const other of others) rivals += Math.exp((scale * (product(other, shown) - own)) / length);
  return 1 / (1 + rivals);
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
