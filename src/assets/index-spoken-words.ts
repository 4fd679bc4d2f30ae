import type { Asset, Job, Piece, Word } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Fault } from '#runtime';
import { type SpeechSpec, speechSegments } from '#sampling';
import type { AssetDeps } from './deps.ts';

const NOTHING = 'nothing was transcribed: no speech model is installed on this box';

/** Gathers what is said in an asset, and keeps it in segments that can be searched. */
export async function indexSpokenWords(job: Job, { store }: AssetDeps): Promise<{ indexId: string; message: string }> {
  const indexId = String(job.input['indexId']);
  const index = store.assetIndexes.get(indexId);
  const asset = index && store.assets.get(index.assetId);
  if (!index || !asset) throw new Fault('refused', 'the video or its index was deleted meanwhile');
  const words = spokenWords(store, asset);
  store.assets.setWords(asset.id, words);
  const records = speechSegments(words, specOf(index.extractionConfig), true).map(({ startMs, endMs, text }) => ({
    startMs,
    endMs: Math.min(endMs, asset.lengthMs),
    text,
    metadata: index.metadata,
    vector: embedText(text),
    model: TEXT_EMBEDDING.model,
  }));
  store.assetIndexes.clearRecords(indexId);
  store.assetIndexes.addRecords(indexId, records);
  const message = words.length === 0 ? NOTHING : '';
  store.assetIndexes.update(indexId, { status: 'done', message });
  return { indexId, message };
}

/** What is said in an asset. Of an export: what was written down while it was recorded, on the asset's own time. */
export function spokenWords(store: AssetDeps['store'], { id, origin }: Asset): Word[] {
  if (origin.kind !== 'export') return store.assets.words(id) ?? [];
  const pieces = store.assets.pieces(id);
  return store.transcripts
    .inRange(origin.streamId, origin.startMs, origin.endMs)
    .flatMap(({ words }) => words)
    .flatMap((word) => onAsset(word, pieces));
}

/** Words from a gap are in no piece. */
function onAsset(word: Word, pieces: readonly Piece[]): Word[] {
  const piece = pieces.find(
    ({ recordedMs, durationMs }) =>
      recordedMs !== undefined && word.startMs >= recordedMs && word.startMs < recordedMs + durationMs,
  );
  if (piece?.recordedMs === undefined) return [];
  const shiftMs = piece.startMs - piece.recordedMs;
  return [{ text: word.text, startMs: word.startMs + shiftMs, endMs: word.endMs + shiftMs }];
}

function specOf({ segmenter, segmentation_value: value }: Record<string, unknown>): SpeechSpec {
  const known = segmenter === 'word' || segmenter === 'time' ? segmenter : 'sentence';
  return { segmenter: known, value: Number(value ?? 1) };
}
