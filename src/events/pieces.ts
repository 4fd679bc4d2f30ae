import { setImmediate } from 'node:timers/promises';
import type { Scene, SceneIndex } from '#domain';
import type { Store } from '#store';

/** A scene as far as it had come at one time. */
export interface Piece {
  scene: Scene;
  endMs: number;
  /** The journal entry that told of it. */
  seq?: number;
  isFirst: boolean;
}

/** What the journal still knows of how scenes grew, by scene, in its order. */
export type Ends = ReadonlyMap<number, { endMs: number; seq: number; isBeginning: boolean }[]>;

const BATCH = 1000;
/** Older entries are only there while a reader is far behind. */
const FARTHEST_BACK = 20_000;
/** Sounds that go on make their scenes grow this often, as `pipeline` has it. */
const SOUND_MS = 3000;

/** Of one stream. */
export async function knownEnds(journal: Pick<Store['journal'], 'after' | 'head'>, streamId: string): Promise<Ends> {
  const ends = new Map<number, { endMs: number; seq: number; isBeginning: boolean }[]>();
  let seq = Math.max(0, journal.head() - FARTHEST_BACK);
  for (;;) {
    const entries = journal.after(seq, BATCH, ['scene', 'growth']);
    for (const { kind, ref, atMs, seq: entry, ...of } of entries) {
      if (of.streamId !== streamId) continue;
      const known = ends.get(Number(ref)) ?? [];
      known.push({ endMs: atMs, seq: entry, isBeginning: kind === 'scene' });
      ends.set(Number(ref), known);
    }
    seq = entries.at(-1)?.seq ?? seq;
    if (entries.length < BATCH) return ends;
    await setImmediate();
  }
}

/**
 * The pieces in which the scene grew that end within the range. As far as the journal doesn't tell, they end where windows of the index end: at
 * multiples of their length; of shots and sounds it is not known, so the longest that they may be stand for them.
 */
export function piecesOf(
  scene: Scene,
  { extraction }: Pick<SceneIndex, 'extraction'>,
  ends: Ends,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Piece[] {
  const known = ends.get(scene.id) ?? [];
  const [first] = known;
  const isWhole = first?.isBeginning ?? false;
  const guessedUntilMs = first ? first.endMs : scene.endMs + 1;
  const guessed = isWhole ? [] : guessedEnds(scene, extraction).filter((endMs) => endMs < guessedUntilMs);
  const all = [...guessed.map((endMs) => ({ endMs })), ...known.map(({ endMs, seq }) => ({ endMs, seq }))];
  const within = all.filter(({ endMs }) => endMs > fromMs && endMs <= toMs);
  return within.map((piece, i) => ({ ...piece, scene, isFirst: i === 0 }));
}

function guessedEnds({ startMs, endMs }: Scene, extraction: SceneIndex['extraction']): number[] {
  const every = lengthMs(extraction);
  const origin = extraction.type === 'time' ? Math.floor(startMs / every) * every : startMs;
  const ends: number[] = [];
  for (let end = origin + every; end < endMs; end += every) ends.push(end);
  return [...ends, endMs];
}

function lengthMs(extraction: SceneIndex['extraction']): number {
  if (extraction.type === 'time') return extraction.seconds * 1000;
  return extraction.type === 'shot' ? extraction.longestSeconds * 1000 : SOUND_MS;
}
