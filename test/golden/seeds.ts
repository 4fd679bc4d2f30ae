import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Alert, type Asset, type AssetKind, newId, type Piece, type SceneIndex } from '#domain';
import { ruleFor } from '#events';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { type Box, T0 } from '../http/box.ts';

const PIECE_MS = 4000;
const LENGTH_MS = 3 * PIECE_MS;

export function addAlert({ store }: Box, index: SceneIndex): Alert {
  const prompt = 'a person enters';
  const rule = ruleFor(prompt, { zones: [] });
  const event = { id: newId('event'), prompt, label: 'person', rule, createdMs: T0 };
  store.events.create(event);
  const alert: Alert = {
    id: newId('alert'),
    streamId: index.streamId,
    indexId: index.id,
    eventId: event.id,
    status: 'enabled',
    createdMs: T0,
  };
  store.alerts.create(alert);
  return alert;
}

/** Three pieces of a moving picture with words, the same called sound, or a picture. */
export function addAsset(
  { store, deps }: Pick<Box, 'store'> & { deps: Pick<Box['deps'], 'assetsDir'> },
  id: string,
  kind: AssetKind = 'video',
  origin?: Asset['origin'],
): string {
  const seen = kind === 'audio' ? { width: 0, height: 0 } : { width: 640, height: 360, thumbPath: `${id}/thumb.jpg` };
  const asset: Asset = {
    id,
    kind,
    collectionId: store.defaultCollection.id,
    name: 'Yard',
    description: '',
    lengthMs: kind === 'image' ? 0 : LENGTH_MS,
    bytes: 15,
    ...seen,
    origin: origin ?? { kind: 'upload', filename: 'yard.mp4' },
    createdMs: T0,
  };
  store.assets.create(asset, kind === 'image' ? [] : piecesOf(id));
  if (kind !== 'image') store.assets.setWords(id, WORDS);
  mkdirSync(join(deps.assetsDir, id), { recursive: true });
  for (const [name, bytes] of media()) writeFileSync(join(deps.assetsDir, id, name), bytes);
  return id;
}

const WORDS = [
  { text: 'q', startMs: 1000, endMs: 1400 },
  { text: 'words', startMs: 1500, endMs: 1900 },
];

function piecesOf(id: string): Piece[] {
  return Array.from({ length: LENGTH_MS / PIECE_MS }, (_, n) => ({
    n,
    startMs: n * PIECE_MS,
    durationMs: PIECE_MS,
    path: `${id}/${n}.m4s`,
    bytes: 5,
    initPath: `${id}/init-0.mp4`,
    discontinuity: false,
  }));
}

let made: Map<string, Buffer> | undefined;

/** The files of every asset here, by name. */
function media(): Map<string, Buffer> {
  if (made) return made;
  const dir = mkdtempSync(join(tmpdir(), 'wp-golden-'));
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=5:duration=${LENGTH_MS / 1000}`];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '20'];
  const hls = ['-f', 'hls', '-hls_time', String(PIECE_MS / 1000), '-hls_segment_type', 'fmp4'];
  const names = ['-hls_fmp4_init_filename', 'init-0.mp4', '-hls_segment_filename', '%d.m4s', 'a.m3u8'];
  const picture = ['-map', '0', '-frames:v', '1', 'thumb.jpg'];
  execFileSync('ffmpeg', ['-loglevel', 'error', ...source, ...codec, ...hls, ...names, ...picture], { cwd: dir });
  made = new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
  rmSync(dir, { recursive: true });
  return made;
}

export function addVideoIndex({ store }: Box, assetId: string, kind: 'scene' | 'spoken_word'): string {
  const id = newId('index');
  const type = kind === 'scene' ? 'time' : 'transcript';
  store.assetIndexes.create({
    id,
    assetId,
    kind,
    name: kind,
    prompt: 'p',
    extraction: { type },
    extractionConfig: {},
    modelName: 'basic',
    metadata: {},
    status: 'done',
    createdMs: T0,
  });
  fill({ store }, id, kind === 'scene' ? 'A white car stands at the gate' : 'q words');
  return id;
}

function fill({ store }: Pick<Box, 'store'>, indexId: string, text: string): void {
  const record = { startMs: 1000, endMs: 3000, text, metadata: {} };
  store.assetIndexes.addRecords(indexId, [{ ...record, vector: embedText(text), model: TEXT_EMBEDDING.model }]);
}

export function addJob({ store }: Box, assetId: string): string {
  const { id } = store.jobs.add({ id: newId('job'), kind: 'ingest', input: {}, createdMs: T0 });
  store.jobs.done(id, { assetId }, Date.now());
  return id;
}

/** The work of jobs: what it makes, without looking at what it is made of. */
export function standIns(box: Box): void {
  const { store } = box;
  const make = (id: string, origin?: Asset['origin']) => {
    if (!store.assets.get(id)) addAsset(box, id, 'video', origin);
    return Promise.resolve({ assetId: id });
  };
  box.handlers.ingest = () => make(newId('video'));
  box.handlers.export = ({ input }) => {
    const { streamId, startMs, endMs, assetId } = input;
    return make(String(assetId), {
      kind: 'export',
      streamId: String(streamId),
      startMs: Number(startMs),
      endMs: Number(endMs),
    });
  };
  box.handlers.render = ({ input }) => make(String(input['assetId']), { kind: 'edit', assetIds: [] });
  const index = ({ input }: { input: Record<string, unknown> }) => {
    const indexId = String(input['indexId']);
    fill(box, indexId, 'Nobody is in the yard');
    store.assetIndexes.update(indexId, { status: 'done' });
    return Promise.resolve({ indexId, message: 'done' });
  };
  box.handlers.index_scenes = index;
  box.handlers.index_spoken_words = index;
}

/** A session that is being stopped, and the export of its screen. */
export function addCapture(box: Box): string {
  const { captureDesk } = box.deps;
  const { id: sessionId } = captureDesk.create({ collectionId: 'default', endUserId: 'u', metadata: {}, grants: [] });
  const display = { id: 'display:1', name: 'Display', type: 'video', category: 'screen', store: true } as const;
  const { channels } = captureDesk.start(sessionId, { channels: [display] });
  for (const { streamId } of channels) addAsset(box, newId('video'), 'video', { kind: 'capture', sessionId, streamId });
  box.store.captures.advance(sessionId, 'stopping');
  box.store.captures.advance(sessionId, 'stopped');
  return sessionId;
}
