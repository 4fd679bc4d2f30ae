import { setImmediate } from 'node:timers/promises';
import { recordedStreams } from '#camera';
import type { Config } from '#config';
import { RECORD_ALL, type Stream } from '#domain';
import type { Clock, Log } from '#runtime';
import { Ledger, type RestoreReport, type Root, restoreApart, Store } from '#store';
import { lookForNamed } from './named-files.ts';
import { tendSpareRoom } from './spare-room.ts';

interface SoundDeps {
  config: Config;
  mediaDir: string;
  thumbsDir: string;
  clock: Clock;
  log: Log;
}

interface RestoredDeps extends SoundDeps {
  store: Store;
}

/** Opens the store of a data directory that nobody else uses; a damaged one is restored first, which is logged as an error. */
export async function openSound(deps: SoundDeps, signal: AbortSignal): Promise<Store> {
  const { config, clock, log } = deps;
  await tendSpareRoom(config.dataDir);
  const report = await restoreApart(config.dataDir, signal);
  const store = await Store.open(config.dataDir, { clock, log });
  if (report) await settleRestored(report, { ...deps, store });
  return store;
}

const FORGOTTEN_AT_ONCE = 200;
/** Nobody knows it any more: the camera stays off until somebody gives its address. */
const NO_ADDRESS = 'rtsp://address-was-lost.invalid/';

/**
 * After the database was restored: what it names and is gone is forgotten; recordings of cameras that it doesn't know
 * get their camera back, by the name that was noted beside them. Segments without a row are entered when cameras start.
 */
async function settleRestored(report: RestoreReport, deps: RestoredDeps): Promise<void> {
  const { store, config, mediaDir, thumbsDir, log } = deps;
  store.backups.noteRestore(report);
  const cameras = await adoptCameras(deps);
  const mounted = (await store.mediaPlace.problem(mediaDir)) === undefined;
  const forgotten = await forgetMissing(store, config.dataDir, {
    ...(mounted ? { media: mediaDir } : {}),
    thumbs: thumbsDir,
  });
  const { setAside, problem, backup, salvaged } = report;
  log.error(
    {
      problem,
      restoredFrom: backup ?? 'nothing',
      tablesDamaged: salvaged?.damaged.map(({ table }) => table),
      forgotten,
      camerasFoundAgain: cameras,
      setAside,
    },
    'the database was damaged and has been restored',
  );
}

/**
 * Rows that name files which are gone; where the disk doesn't let anybody tell they stay. Returns how many there were.
 */
export async function forgetMissing(
  store: Store,
  dataDir: string,
  roots: Partial<Record<Root, string>>,
): Promise<number> {
  using ledger = Ledger.open(dataDir);
  let forgotten = 0;
  for (const [name, dir] of Object.entries(roots)) {
    const root = name as Root; // The caller's keys are roots.
    const { gone } = await lookForNamed(ledger, root, dir);
    for (let at = 0; at < gone.length; at += FORGOTTEN_AT_ONCE) {
      forgotten += store.mending.forget(root, gone.slice(at, at + FORGOTTEN_AT_ONCE));
      await setImmediate();
    }
  }
  return forgotten;
}

/** Cameras of which there are recordings and no row get one, off and without an address. Returns their names. */
export async function adoptCameras({ store, config, mediaDir, clock }: Omit<RestoredDeps, 'log'>): Promise<string[]> {
  const adopted: string[] = [];
  for (const [id, name = `found again (${id})`] of await recordedStreams(mediaDir)) {
    if (store.streams.get(id)) continue;
    const isConfigured = config.cameras.some((camera) => camera.name === name);
    store.streams.create(foundAgain(id, name, isConfigured, store, clock));
    adopted.push(name);
  }
  return adopted;
}

function foundAgain(id: string, name: string, isConfigured: boolean, store: Store, clock: Clock): Stream {
  const nowMs = clock.nowMs();
  return {
    id,
    collectionId: store.defaultCollection.id,
    name,
    url: NO_ADDRESS,
    mediaTypes: ['video', 'audio'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: nowMs },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'stopped',
    origin: isConfigured ? 'config' : 'api',
    createdMs: nowMs,
  };
}
