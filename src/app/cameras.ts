import type { Config } from '#config';
import { PushServer } from '#ingest';
import { type PipelineDeps, Supervisor } from '#pipeline';
import { Gate, type Lifetime } from '#runtime';
import { applyConfiguredCameras } from './configured.ts';

/** What records the cameras, and what takes in those that send by themselves. */
export async function startCameras(
  deps: Omit<PipelineDeps, 'camera' | 'thumbsDir' | 'demandPlace' | 'push'> & { config: Config },
  { mediaDir, thumbsDir }: { mediaDir: string; thumbsDir: string },
  life: Lifetime,
): Promise<{ supervisor: Supervisor; push: PushServer }> {
  const { config, store, clock, log } = deps;
  applyConfiguredCameras(config, store, clock);
  const unreadable = store.streams.unreadable();
  if (unreadable.length > 0) {
    log.error({ cameras: unreadable }, 'signing.key is another than before: set the addresses of these cameras again');
  }
  const { ingest, recording } = config;
  const camera = {
    mediaDir,
    segmentSeconds: recording.segmentSeconds,
    get allowFile() {
      return config.ingest.allowFile;
    },
    spawnGate: new Gate(ingest.maxConnecting),
    clock,
  };
  const demandPlace = () => store.mediaPlace.demand(mediaDir);
  const { rtmpPort: rtmp, rtspPort: rtsp } = ingest.push;
  const { signingKey } = store;
  const push = life.use(new PushServer({ signingKey, host: config.listen.host, ports: { rtmp, rtsp }, clock, log }));
  const supervisor = life.use(await Supervisor.start({ ...deps, camera, thumbsDir, demandPlace, push }));
  return { supervisor, push };
}
