import { statfs } from 'node:fs/promises';
import { Hono } from 'hono';
import type { CameraStatus, Stream } from '#domain';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { ok } from './envelope.ts';
import { metricsText } from './metrics.ts';
import { snake } from './scene-views.ts';

/** What the box is doing now, for people, the live page and Prometheus. */
export interface BoxStatus {
  box: { id: string; name: string; version: string; uptimeS: number };
  cameras: (CameraStatus &
    Pick<Stream, 'name' | 'zones'> & { indexes: { id: string; name: string; status: string }[] })[];
  inference: ReturnType<HttpDeps['inference']['status']>;
  evaluator: { lag: number };
  delivery: object;
  websockets: ReturnType<HttpDeps['hub']['status']>;
  models: { name: string; task: string; licence: string; problem?: string }[];
  storage: { segments: number; bytes: number; freeBytes?: number };
}

export function statusRoutes(deps: HttpDeps): Routes {
  const routes = new Hono<HttpEnv>();
  routes.get('/v1/status', async (c) => ok(c, snake(await boxStatus(deps))));
  routes.get('/metrics', async (c) =>
    c.text(metricsText(await boxStatus(deps), deps), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  );
  return routes;
}

export async function boxStatus(deps: HttpDeps): Promise<BoxStatus> {
  const { store, config, version, mediaDir } = deps;
  const { count: segments, bytes } = store.segments.totals();
  const disk = await statfs(mediaDir).catch(() => undefined);
  return {
    box: { id: store.boxId, name: config.name, version, uptimeS: Math.round(process.uptime()) },
    cameras: cameraStatuses(deps),
    inference: deps.inference.status(),
    evaluator: deps.evaluator.status(),
    delivery: deps.delivery.status(),
    websockets: deps.hub.status(),
    models: deps.models.list().map(({ pack: { name, task, licence }, problem }) => ({
      name,
      task,
      licence,
      ...(problem === undefined ? {} : { problem }),
    })),
    storage: { segments, bytes, ...(disk ? { freeBytes: disk.bavail * disk.bsize } : {}) },
  };
}

function cameraStatuses({ store, supervisor }: HttpDeps): BoxStatus['cameras'] {
  const live = new Map(supervisor.status().map((status) => [status.streamId, status]));
  const { results } = store.streams.list({ ordering: 'name' });
  return results.map((stream) => {
    const status = live.get(stream.id) ?? idle(stream);
    const keyframeIntervalS = status.facts?.keyframeIntervalS;
    return {
      ...status,
      name: stream.name,
      zones: stream.zones,
      ...(keyframeIntervalS === undefined ? {} : { keyframeIntervalS }),
      indexes: store.indexes.listByStream(stream.id).map(({ id, name, status }) => ({ id, name, status })),
    };
  });
}

/** A stream that the supervisor doesn't hold. */
function idle({ id, createdMs }: Stream): CameraStatus {
  return {
    streamId: id,
    phase: 'stopped',
    sinceMs: createdMs,
    restarts: 0,
    fpsSeen: 0,
    framesSeen: 0,
    framesDropped: 0,
    windowsDropped: 0,
    segmentsWritten: 0,
    bytesWritten: 0,
    notes: [],
  };
}
