/** Sends a clip to a bucket, and stands still in the middle of its third part; told the server and where to remember. */

import { writeFileSync } from 'node:fs';
import { S3Target } from '../../../src/sync/targets/s3.ts';
import { aClip, longBytes, memoryLine, s3Config } from './fixture.ts';

const [endpoint = '', state = ''] = process.argv.slice(2);
const target = new S3Target(s3Config({ endpoint }), { wire: { env: {} } });
const line = memoryLine();
const { progressed } = line;
const at = {
  ...line,
  get resumed() {
    return line.resumed;
  },
  take: async () => {
    if (line.moved < 10 * 2 ** 20) return;
    process.stdout.write('two parts are there\n');
    setInterval(() => undefined, 1000);
    await new Promise(() => undefined);
  },
  progressed: (bytes: number, resume?: Record<string, unknown>) => {
    progressed.call(line, bytes, resume);
    writeFileSync(state, JSON.stringify(line.resumed));
  },
};
await target.send(aClip(longBytes()), at, new AbortController().signal);
