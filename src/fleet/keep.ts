import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { adoptedPath, adoptSegment } from '#camera';
import type { AlertFacts, PictureFacts, RecordFacts, Scene, SegmentFacts } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import type { Clock } from '#runtime';
import type { NewDelivery, Store } from '#store';

export interface KeepDeps {
  store: Pick<
    Store,
    'boxId' | 'boxes' | 'firings' | 'keys' | 'replicas' | 'segments' | 'mediaPlace' | 'streams' | 'settle'
  >;
  mediaDir: string;
  thumbsDir: string;
  reservePercent: () => number;
  /** Where an alert goes beside the live WebSocket events; absent: nowhere. */
  deliveriesOf?: (streamName: string, label: string) => NewDelivery[];
  clock: Clock;
}

/** So many rows are written at a stretch: a few milliseconds. */
const STRETCH = 8;

const embed = (text: string) => ({ vector: embedText(text), model: TEXT_EMBEDDING.model });

/** What fired before then and was never here, or is no more, is no news because somebody marks it. */
const NEWS_MS = 86_400_000;

/** It is told as this box's own alerts are, once. It is not looked at again. */
export function keepAlert(boxId: string, facts: AlertFacts, { store, deliveriesOf, clock }: KeepDeps): void {
  const { replicas, firings } = store;
  const { stream, index, alert, event, scene, firing } = facts;
  if (facts.mark && clock.nowMs() - firing.atMs > NEWS_MS && !firings.get(firing.id)) return;
  replicas.stream(boxId, stream);
  replicas.index(boxId, index);
  replicas.alert(boxId, alert, event);
  const { sceneId: _theirs, ...found } = firing;
  const sceneId = scene && replicas.sceneFor(boxId, scene, embed).id;
  const stored = { ...found, ...(sceneId === undefined ? {} : { sceneId }) };
  replicas.firing(boxId, stored, deliveriesOf?.(stream.name, firing.label) ?? []);
  if (facts.mark) replicas.mark(boxId, firing, facts.mark);
}

/** Others get their turn in between. */
export async function keepRecords(boxId: string, facts: RecordFacts, { store }: KeepDeps): Promise<void> {
  const { replicas } = store;
  for (const stream of facts.streams) replicas.stream(boxId, stream);
  for (const index of facts.indexes) replicas.index(boxId, index);
  let written = 0;
  const breathe = async () => {
    written += 1;
    if (written % STRETCH === 0) await setImmediate();
  };
  for (const scene of facts.scenes) {
    replicas.scene(boxId, scene, embed);
    await breathe();
  }
  for (const transcript of facts.transcripts) {
    replicas.transcript(boxId, transcript, embed(transcript.text));
    await breathe();
  }
  for (const gap of facts.gaps ?? []) {
    replicas.gap(boxId, gap);
    await breathe();
  }
  for (const id of facts.deleted ?? []) {
    replicas.deleted(boxId, id);
    await setImmediate();
  }
}

/** Pictures of scenes: where the box's own lie. */
export class Pictures {
  readonly #deps: KeepDeps;

  constructor(deps: KeepDeps) {
    this.#deps = deps;
  }

  has(boxId: string, facts: PictureFacts): boolean {
    return this.#sceneOf(boxId, facts).thumbPath !== undefined;
  }

  async place(boxId: string, facts: PictureFacts, file: string): Promise<void> {
    const { store, thumbsDir } = this.#deps;
    const { id, streamId, indexId, startMs } = this.#sceneOf(boxId, facts);
    const path = join(streamId, new Date(startMs).toISOString().slice(0, 10), `${startMs}-${indexId}-${id}.jpg`);
    await mkdir(dirname(join(thumbsDir, path)), { recursive: true });
    await rename(file, join(thumbsDir, path));
    await syncDirectory(dirname(join(thumbsDir, path)));
    store.replicas.picture({ id }, path);
  }

  #sceneOf(boxId: string, { stream, index, scene }: PictureFacts): Scene {
    const { replicas } = this.#deps.store;
    replicas.stream(boxId, stream);
    replicas.index(boxId, index);
    return replicas.sceneFor(boxId, scene, embed);
  }
}

/** Recordings: laid out and entered as the box's own are. */
export class Recordings {
  readonly #deps: KeepDeps;

  constructor(deps: KeepDeps) {
    this.#deps = deps;
  }

  /** Throws `unavailable` while recordings have no place. */
  async has(boxId: string, facts: SegmentFacts): Promise<boolean> {
    const { store, mediaDir } = this.#deps;
    await store.mediaPlace.demand(mediaDir);
    store.replicas.stream(boxId, facts.stream);
    return store.segments.has(adoptedPath(adoptedOf(facts)));
  }

  async place(boxId: string, facts: SegmentFacts, file: string): Promise<void> {
    const { store, mediaDir } = this.#deps;
    await store.mediaPlace.demand(mediaDir);
    store.replicas.stream(boxId, facts.stream);
    const { segment, session } = await adoptSegment(mediaDir, file, adoptedOf(facts));
    if (!store.segments.has(segment.path)) store.segments.add(segment, session);
  }
}

function adoptedOf({ stream, segment, session, init }: SegmentFacts) {
  const { startMs, endMs } = segment;
  const whole = { ...session, streamId: stream.id };
  return { session: whole, streamName: stream.name, init: Buffer.from(init, 'base64'), startMs, endMs };
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
