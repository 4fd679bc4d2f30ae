import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelLibrary } from '#models';
import { createLog } from '#runtime';
import { Host } from '../../src/inference/host-process.ts';
import { loadRequest } from '../../src/inference/loads.ts';
import type { Answers, Asks, Picture, Task } from '../../src/inference/protocol.ts';
import { writeFiles } from '../models/hub-layout.ts';

const never = new AbortController().signal;
const PATIENCE_MS = 60_000;

export interface Hosted extends AsyncDisposable {
  ask<T extends Task>(task: T, ask: Asks[T]): Promise<Answers[T]>;
  rssMb(): number;
}

/** A folder, or these files in one, as a pack that is imported and loaded by a model process of its own, as the appliance does it. */
export async function hosted(source: string | Record<string, Buffer | string>): Promise<Hosted> {
  const dir = await mkdtemp(join(tmpdir(), 'wp-hosted-'));
  const clear = () => rm(dir, { recursive: true });
  try {
    const models = await ModelLibrary.open(join(dir, 'models'), createLog('silent'));
    const folder = typeof source === 'string' ? source : await writeFiles(join(dir, 'tiny'), source);
    const pack = await models.importPack(folder);
    const host = await Host.start([loadRequest(pack)], never);
    return {
      ask: (task, ask) => host.ask(task, ask, PATIENCE_MS),
      rssMb: () => host.rssMb ?? 0,
      [Symbol.asyncDispose]: async () => {
        await host[Symbol.asyncDispose]();
        await clear();
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** A picture of columns of colours. */
export function columns(
  width: number,
  height: number,
  ...colours: readonly (readonly [number, number, number])[]
): Picture {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const at = Math.floor(((i % width) * colours.length) / width);
    rgb.set(colours[at] ?? [0, 0, 0], i * 3);
  }
  return { width, height, rgb };
}
