import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../support/ports.ts';
import type { Tree } from './tree.ts';

/** The installed box from outside. */
export interface Box {
  readonly port: number;
  data<T>(method: string, path: string): Promise<T>;
  /** Takes the first key from what install.sh has said. */
  learnKey(said: string): void;
}

/** Writes the configuration before anything is installed; install.sh keeps it. */
export async function configuredBox({ path }: Tree, cameras: readonly object[]): Promise<Box> {
  const port = await freePort();
  const etc = join(path, 'etc/watchpost');
  await mkdir(etc, { recursive: true });
  const config = {
    listen: `127.0.0.1:${port}`,
    models: { autoFetch: false },
    recording: { segmentSeconds: 2 },
    cameras,
  };
  writeFileSync(join(etc, 'watchpost.yaml'), JSON.stringify(config));
  let key = '';
  return {
    port,
    learnKey: (said) => {
      key = /API key .*: (sk-\S+)/.exec(said)?.[1] ?? '';
    },
    data: async <T>(method: string, path: string): Promise<T> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { 'x-access-token': key } });
      const text = await response.text();
      const answer: unknown = JSON.parse(text);
      if (!response.ok || typeof answer !== 'object' || answer === null || !('data' in answer))
        throw new Error(`${method} ${path}: ${response.status} ${text}`);
      // The caller names the shape; a wrong one fails its assertions.
      return answer.data as T;
    },
  };
}
