import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { S3 } from '@aws-sdk/client-s3';

const SCRIPT = fileURLToPath(new URL('s3-server.py', import.meta.url));
export const BUCKET = 'footage';
const CREDENTIALS = { accessKeyId: 'test:tester', secretAccessKey: 'testing' };

export interface Swift extends AsyncDisposable {
  port: number;
  url: string;
  /** Looks at what is there. */
  client: S3;
}

/** A real S3 server with an empty bucket. */
export async function startSwift(): Promise<Swift> {
  const dir = await mkdtemp(join(tmpdir(), 'watchpost-swift-'));
  const child = spawn('/usr/bin/python3', [SCRIPT, dir], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text;
  });
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([first]) => String(first)),
    once(child, 'exit').then(() => {
      throw new Error(`Swift ended: ${said}`);
    }),
  ]);
  const port = Number(line.replace('ready ', ''));
  const url = `http://127.0.0.1:${port}`;
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const sdk: typeof import('@aws-sdk/client-s3') = createRequire(import.meta.url)('@aws-sdk/client-s3');
  const client = new sdk.S3({
    region: 'us-east-1',
    endpoint: url,
    forcePathStyle: true,
    credentials: CREDENTIALS,
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  await client.createBucket({ Bucket: BUCKET });
  return {
    port,
    url,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
