import { setImmediate } from 'node:timers/promises';
import type { Asset, Job, Piece, Word } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { type SpeechSpec, speechSegments } from '#sampling';
import type { NewRecord } from '#store';
import type { AssetDeps, Work } from './deps.ts';
import { fillIndex } from './fill-index.ts';

const NOTHING =
  'there are no words: nobody spoke, or nothing was written down (no speech model, or the transcription was off)';
/** After so many records others get their turn: a day of talk takes seconds. */
const AT_ONCE = 50;

/** Gathers what is said in an asset, and keeps it in segments that can be searched. */
export async function indexSpokenWords(
  job: Job,
  deps: AssetDeps,
  work: Work,
): Promise<{ indexId: string; message: string }> {
  return fillIndex(job, deps, work, ({ extractionConfig, metadata }, asset) => {
    const words = spokenWords(deps.store, asset);
    deps.store.assets.setWords(asset.id, words);
    const records = recordsOf(words, specOf(extractionConfig), asset, metadata);
    return { records, ...(words.length === 0 ? { message: NOTHING } : {}) };
  });
}

async function* recordsOf(
  words: readonly Word[],
  spec: SpeechSpec,
  { lengthMs }: Asset,
  metadata: Record<string, unknown>,
): AsyncGenerator<NewRecord, void> {
  for (const [i, { startMs, endMs, text }] of speechSegments(words, spec, true).entries()) {
    if (i % AT_ONCE === 0) await setImmediate();
    const within = { startMs, endMs: Math.min(endMs, lengthMs) };
    yield { ...within, text, metadata, vector: embedText(text), model: TEXT_EMBEDDING.model };
  }
}

/**
 * What is said in an asset. Of an export: what was written down while it was recorded, on the asset's own time; when that
 * is gone by now, what had been gathered of it before.
 */
export function spokenWords(store: AssetDeps['store'], { id, origin }: Asset): Word[] {
  const gathered = store.assets.words(id) ?? [];
  if (origin.kind !== 'export') return gathered;
  const pieces = store.assets.pieces(id);
  const transcripts = store.transcripts.inRange(origin.streamId, origin.startMs, origin.endMs);
  const written = onAsset(
    transcripts.flatMap(({ words }) => words),
    pieces,
  );
  return written.length >= gathered.length ? written : gathered;
}

/** In order of time. Words from a gap are in no piece. */
function onAsset(words: readonly Word[], pieces: readonly Piece[]): Word[] {
  const recorded = pieces.flatMap(({ recordedMs, durationMs, startMs }) =>
    recordedMs === undefined ? [] : { recordedMs, endMs: recordedMs + durationMs, shiftMs: startMs - recordedMs },
  );
  recorded.sort((a, b) => a.recordedMs - b.recordedMs);
  const found: Word[] = [];
  let at = 0;
  for (const word of [...words].sort((a, b) => a.startMs - b.startMs)) {
    while (at < recorded.length && (recorded[at]?.endMs ?? 0) <= word.startMs) at += 1;
    const piece = recorded[at];
    if (!piece || piece.recordedMs > word.startMs) continue;
    found.push({ text: word.text, startMs: word.startMs + piece.shiftMs, endMs: word.endMs + piece.shiftMs });
  }
  return found.sort((a, b) => a.startMs - b.startMs);
}

/** How words become segments, from what a client sent. */
export function specOf({ segmenter, segmentation_value: value }: Record<string, unknown>): SpeechSpec {
  const known = segmenter === 'word' || segmenter === 'time' ? segmenter : 'sentence';
  return { segmenter: known, value: Number(value ?? 1) };
}
