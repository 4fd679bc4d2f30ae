import { join } from 'node:path';
import type { Config } from '#config';
import type { Hub } from '#delivery';
import { Spool, spoolRoom } from '#hearing';
import { Listening, Writing } from '#inference';
import type { ModelLibrary } from '#models';
import { AudioIndexer, Author, EndpointWriter, LocalWriter, Summaries, type TextWriter, Transcriber } from '#pipeline';
import type { Clock, Lifetime, Log } from '#runtime';
import type { Store } from '#store';

/** People who ask wait longer than speech does; their clients give up after 30 s. */
const FOR_PEOPLE = { timeoutMs: 25_000, mostTokens: 1000, meanwhile: 'a text pack answers who asks, or nobody' };

export interface HearingDeps {
  config: Config;
  store: Store;
  models: ModelLibrary;
  hub: Hub;
  clock: Clock;
  log: Log;
}

/** Starts whatever listens and writes down; speech that a crash left in the spool is written down first. */
export async function startHearing(
  { config, store, models, hub, clock, log }: HearingDeps,
  life: Lifetime,
  signal: AbortSignal,
) {
  const { speech } = config.models;
  const named = speech === undefined ? {} : { speech };
  const listening = life.use(await Listening.start({ models, ...named, log, clock }, signal));
  const dir = join(config.dataDir, 'spool');
  const spool = await Spool.open({
    dir,
    clock,
    log,
    recordGap: (gap) => store.transcripts.addGap(gap),
    isUrgent: (streamId) => isArmed(store, streamId),
    room: () => spoolRoom(dir, config.recording.reservePercent),
  });
  const onInterim = hub.interim.bind(hub);
  const transcriber = life.use(await Transcriber.start({ store, spool, listening, clock, log, onInterim }, signal));
  return { listening, spool, transcriber };
}

/**
 * Starts what makes scenes of words, and follows the prompts of audio indexes: a server that is configured, then a text
 * pack of this box.
 */
export async function startWriting(
  { config, store, models, spool, clock, log }: Omit<HearingDeps, 'hub'> & { spool: Spool },
  life: Lifetime,
  signal: AbortSignal,
): Promise<{ summaries: Summaries; author: Author; writing: Writing; askTextServer: () => void }> {
  const writing = life.use(await Writing.start({ models, clock, log }, signal));
  const local = new LocalWriter(writing, clock);
  const asked: TextWriter[] = [];
  const authors: TextWriter[] = [];
  const askTextServer = () => {
    const { text } = config.models;
    const servers = (more: object) => (text ? [new EndpointWriter({ ...text, ...more, clock, log })] : []);
    asked.splice(0, asked.length, ...servers({}), local);
    authors.splice(0, authors.length, ...servers(FOR_PEOPLE), local);
  };
  askTextServer();
  const summaries = new Summaries(asked);
  const unwrittenFromMs = spool.unwrittenFromMs.bind(spool);
  life.use(await AudioIndexer.start({ store, clock, log, unwrittenFromMs, summaries }, signal));
  return { summaries, author: new Author(authors), writing, askTextServer };
}

/** Somebody waits for an alert from what is said. */
function isArmed({ indexes, alerts }: Store, streamId: string): boolean {
  const spoken = indexes.listRunning(streamId).filter(({ extraction }) => extraction.type === 'transcript');
  return spoken.some(({ id }) => alerts.enabledByIndex(id).length > 0);
}
