/** Writes down what waits in a spool until it is killed, or nothing is left: tells its parent of each step. */
import { Spool } from '#hearing';
import { Transcriber } from '#pipeline';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { standInRecogniser, wordsOf } from './ears.ts';

const [dir = '', spoolDir = ''] = process.argv.slice(2);
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
/** Tells, and goes on when the parent has heard: so it never gets far ahead of who is to kill it. */
const tell = async (what: string) => {
  const heard = new Promise((resolve) => process.once('message', resolve));
  process.send?.(what);
  await heard;
};

const add = store.transcripts.add.bind(store.transcripts);
store.transcripts.add = (...transcript) => {
  process.send?.('storing');
  const added = add(...transcript);
  process.send?.('stored');
  return added;
};
const done = spool.done.bind(spool);
const drained = new Promise<void>((resolve) => {
  spool.done = async (utterance) => {
    await done(utterance);
    if (spool.status().waiting === 0) resolve();
  };
  if (spool.status().waiting === 0) resolve();
});
const listening = standInRecogniser(async (samples) => {
  await tell('recognising');
  return wordsOf(samples);
});
await using _transcriber = await Transcriber.start(
  { store, spool, listening, clock: systemClock, log },
  new AbortController().signal,
);
await drained;
await tell('done');
process.disconnect();
