import type { Asset, AssetIndex, Job } from '#domain';
import { Fault, isFault, messageOf } from '#runtime';
import type { NewRecord } from '#store';
import type { AssetDeps, Work } from './deps.ts';

const BATCH = 50;

/** What an index says, in order of time, and what its maker should know. */
export interface Findings {
  records: AsyncIterable<NewRecord> | Iterable<NewRecord>;
  message?: string;
}

/**
 * Fills the job's index from its beginning, whatever a run before a crash had put there. An index that fails is empty and
 * says why. Throws `refused` when it or its video was deleted, at the next record.
 */
export async function fillIndex(
  job: Job,
  deps: AssetDeps,
  { signal, progress }: Work,
  find: (index: AssetIndex, asset: Asset) => Promise<Findings> | Findings,
): Promise<{ indexId: string; message: string }> {
  const { assetIndexes, assets } = deps.store;
  const index = assetIndexes.get(String(job.input['indexId']));
  const asset = index && assets.get(index.assetId);
  if (!index || !asset) throw deleted();
  const { id } = index;
  if (index.status === 'done') return { indexId: id, message: index.message ?? '' }; // Before a crash.
  try {
    assetIndexes.clearRecords(id);
    const { records, message = '' } = await find(index, asset);
    let batch: NewRecord[] = [];
    for await (const record of records) {
      signal.throwIfAborted();
      if (!assetIndexes.get(id)) throw deleted();
      batch.push(record);
      progress((record.endMs / Math.max(1, asset.lengthMs)) * 99);
      if (batch.length < BATCH) continue;
      assetIndexes.addRecords(id, batch);
      batch = [];
    }
    assetIndexes.addRecords(id, batch);
    assetIndexes.update(id, { status: 'done', message });
    return { indexId: id, message };
  } catch (error) {
    signal.throwIfAborted();
    const reason = isFault(error, 'not_found') ? deleted(error) : error;
    fail(id, reason, deps);
    throw reason;
  }
}

/** Never throws: the job's own failure is what matters. */
function fail(id: string, reason: unknown, { store: { assetIndexes }, log }: AssetDeps): void {
  try {
    if (!assetIndexes.get(id)) return;
    const message = isFault(reason) ? { message: reason.message } : {};
    assetIndexes.update(id, { status: 'failed', ...message });
    assetIndexes.clearRecords(id);
  } catch (error) {
    log.error({ index: id, error: messageOf(error) }, 'a failed index could not be noted');
  }
}

function deleted(cause?: unknown): Fault {
  return new Fault('refused', 'the video or its index was deleted meanwhile', { cause });
}
