/** Sends a clip to a bucket, and stands still in the middle of its third part; told the server and where to remember. */

import { writeFileSync } from 'node:fs';
import { S3Target } from '../../../src/sync/targets/s3.ts';
import { aClip, longBytes, memoryLine, s3Config } from '../../sync/targets/fixture.ts';

const [endpoint = '', state = ''] = process.argv.slice(2);
const target = new S3Target(s3Config({ endpoint }), { wire: { env: {} } });
const line = memoryLine();
line.take = async () => {
  if (line.resumed) writeFileSync(state, JSON.stringify(line.resumed));
  if (line.moved < 10 * 2 ** 20) return;
  process.stdout.write('two parts are there\n');
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
};
await target.send(aClip(longBytes()), line, new AbortController().signal);
