import type { Answers, Task } from './protocol.ts';

/** How far scores may lie apart: other hardware rounds otherwise. */
const SCORE = 0.03;
/** How alike vectors must be. */
const COSINE = 0.99;
/** Of many findings the best must be the same; the faint ones may change places. */
const BEST = 10;

/** Whether two answers to the same question say the same, but for rounding. */
export function agree<T extends Task>(task: T, one: Answers[T], other: Answers[T]): boolean {
  if (task === 'text-recognition') return JSON.stringify(texts(one)) === JSON.stringify(texts(other));
  const [a, b] = [vectors(one), vectors(other)];
  if (a.length > 0 || b.length > 0) return a.length === b.length && a.every((vector, i) => alike(vector, b[i]));
  const [mine, theirs] = [scores(one), scores(other)];
  return mine.length === theirs.length && mine.every((score, i) => Math.abs(score - (theirs[i] ?? 2)) <= SCORE);
}

function texts(answer: unknown): unknown[] {
  return Array.isArray(answer) ? answer.map((read) => field(read, 'text')) : [];
}

function vectors(answer: unknown): Float32Array[] {
  const found = Array.isArray(answer) ? answer : [field(answer, 'vector')];
  return found.filter((value) => value instanceof Float32Array);
}

function scores(answer: unknown): number[] {
  const found = Array.isArray(answer) ? answer.map((one) => field(one, 'score')) : [];
  return found
    .filter((score) => typeof score === 'number')
    .sort((a, b) => b - a)
    .slice(0, BEST);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function alike(one: Float32Array, other: Float32Array | undefined): boolean {
  if (one.length !== other?.length) return false;
  const product = one.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
  const lengths = Math.hypot(...one) * Math.hypot(...other);
  return lengths > 0 && product / lengths >= COSINE;
}
