/** Listens to someone who talks on and on until it is killed: tells its parent what is safe. */
import { joined, Spool } from '#hearing';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { Ear } from '../../src/pipeline/hear.ts';
import { noise } from '../hearing/sound.ts';
import { standInEars } from './ears.ts';

const [dir = '', spoolDir = '', streamId = '', from = '0'] = process.argv.slice(2);
const log = createLog('silent');
const store = await Store.open(dir, { clock: systemClock, log });
const spool = await Spool.open({
  dir: spoolDir,
  clock: systemClock,
  log,
  recordGap: (gap) => store.transcripts.addGap(gap),
  isUrgent: () => false,
  room: async () => Number.POSITIVE_INFINITY,
});
const stream = store.streams.get(streamId);
if (!stream) throw new Error('the parent has made no stream');
const never = new AbortController().signal;
const ear = new Ear(() => stream, {
  listening: standInEars({ longestMs: 4000 }),
  spool,
  store,
  clock: systemClock,
  log,
});
const talk = joined([noise(200, -20), noise(50, -60)]);

for (let ms = Number(from); ; ms += 250) {
  await ear.take({ atMs: ms, samples: talk }, never);
  await new Promise((resolve) => process.send?.(ms + 250, resolve));
}
