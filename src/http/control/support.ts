import { statfs } from 'node:fs/promises';
import { cpus, freemem, loadavg, release, totalmem } from 'node:os';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { z } from 'zod';
import { messageOf, redactCredentials, tarOf } from '#runtime';
import { metricsText } from '../box/metrics.ts';
import { type BoxStatus, boxStatus } from '../box/status.ts';
import type { HttpDeps } from '../deps.ts';
import { snake } from '../indexes/scene-views.ts';
import { Api } from '../route.ts';

const ENTRIES = 1000;

/**
 * GET /v1/control/support: what somebody needs who is to find out from afar what is wrong, and no secret. A part that
 * can't be had says why; the others come all the same. It is made while it is read, one part at a time.
 */
export function supportRoutes(deps: HttpDeps): Api {
  const api = new Api('Control');
  api.get(
    '/v1/control/support',
    {
      summary: 'What helps to find out what is wrong, as a .tar.gz: no secrets, but names of cameras and addresses',
      answer: z.never(),
      mediaType: 'application/gzip',
    },
    (c) => {
      const nowMs = deps.clock.nowMs();
      const day = new Date(nowMs).toISOString().slice(0, 10);
      const packed = Readable.from(tarOf(filesOf(deps, c.req.raw.signal), nowMs)).compose(createGzip());
      // Node's type of the stream is another one than the web's, and the same thing.
      const body = Readable.toWeb(packed) as ReadableStream;
      const headers = {
        'Content-Type': 'application/gzip',
        'Content-Disposition': `attachment; filename="watchpost-${deps.store.boxId}-${day}.tar.gz"`,
      };
      return c.body(body, 200, headers);
    },
  );
  return api;
}

async function* filesOf(deps: HttpDeps, signal: AbortSignal): AsyncGenerator<{ name: string; content: string }> {
  const { store, configuration, recentLog } = deps;
  let status: BoxStatus | undefined;
  const statusNow = async () => {
    status ??= await boxStatus(deps);
    return status;
  };
  const parts: [name: string, make: () => unknown][] = [
    ['about.json', () => about(deps)],
    ['attention.json', async () => (await statusNow()).attention],
    ['status.json', async () => snake(await statusNow())],
    ['metrics.txt', async () => metricsText(await statusNow(), deps)],
    ['configuration.yaml', () => configuration.view().yaml],
    ['configuration.json', () => ({ ...configuration.view(), history: configuration.history() })],
    ['audit.json', () => store.audit.list({ limit: ENTRIES })],
    ['clock-steps.json', () => store.clockSteps.list()],
    ['doctor.json', () => deps.examine(signal)],
  ];
  for (const [name, make] of parts) {
    if (signal.aborted) return;
    yield { name, content: redactCredentials(await textOf(make)) };
  }
  yield { name: 'log.jsonl', content: recentLog.list().join('\n') }; // Each line was redacted when it was written.
}

async function textOf(make: () => unknown): Promise<string> {
  try {
    const made = await make();
    return typeof made === 'string' ? made : JSON.stringify(made, undefined, 1);
  } catch (error) {
    return `not to be had: ${messageOf(error)}`;
  }
}

async function about({ store, version, clock, mediaDir }: HttpDeps) {
  const { blocks, bavail, bsize, type } = await statfs(mediaDir);
  return {
    version,
    boxId: store.boxId,
    made: new Date(clock.nowMs()).toISOString(),
    node: process.versions,
    machine: {
      platform: process.platform,
      arch: process.arch,
      kernel: release(),
      cpus: cpus().map(({ model }) => model),
    },
    load: loadavg(),
    memory: { total: totalmem(), free: freemem(), own: process.memoryUsage() },
    process: { uptimeS: process.uptime(), resources: process.resourceUsage() },
    disk: { type, bytes: blocks * bsize, freeBytes: bavail * bsize },
  };
}
