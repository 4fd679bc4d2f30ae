import { type ApplianceOptions, runAppliance } from '#app';
import { type Config, loadConfig } from '#config';
import { createLog, Fault, isFault, systemClock, systemdNotify } from '#runtime';
import { databaseProblem } from '#store';
import { aborted, print, styled } from './terminal.ts';

export interface RunOptions {
  config?: string;
  dataDir?: string;
  listen?: string;
}

/** A disk that damages the database more often than that, one after the other, is no place for it. */
const MOST_RESTORES = 3;
const SHORT_LIFE_MS = 3_600_000;

/**
 * Runs the appliance until `signal` aborts, then ends it in order. When its database turns out to be damaged it is ended
 * and run anew, which restores the database; throws `internal` when that happens again and again.
 */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const config = await loadConfig(options.config, process.env, options);
  const firstKey = process.env['WATCHPOST_API_KEY'];
  delete process.env['WATCHPOST_API_KEY']; // Child processes have no business with it.
  const log = createLog(config.logLevel);
  const notify = systemdNotify();
  for (let restores = 0; restores <= MOST_RESTORES; restores += 1) {
    const startedMs = systemClock.monotonicMs();
    if (await lastLife(config, { log, notify, firstKey }, signal)) return;
    if (systemClock.monotonicMs() - startedMs > SHORT_LIFE_MS) restores = 0;
  }
  throw new Fault('internal', 'the database was damaged again and again: the disk fails; move the data directory');
}

/** One life, and whether it was the last: a damaged database, be it found at the start, asks for another. */
async function lastLife(config: Config, options: ApplianceOptions, signal: AbortSignal): Promise<boolean> {
  try {
    return await live(config, options, signal);
  } catch (error) {
    const canRestore = !isFault(error, 'unavailable') && databaseProblem(config.dataDir) !== undefined;
    if (signal.aborted || !canRestore) throw error;
    return false;
  }
}

/** One life; false when it ended because its database is damaged. */
async function live(config: Config, options: ApplianceOptions, signal: AbortSignal): Promise<boolean> {
  await using appliance = await runAppliance(config, options, signal);
  if (appliance.first) {
    const { key, code } = appliance.first;
    print(
      `${styled('bold', 'Page')}: ${appliance.url}  ${styled('bold', 'code')} ${code} (signs in once, within an hour)`,
    );
    print(`${styled('bold', 'API key')} (shown this once; \`watchpost token create\` makes more): ${key}`);
  }
  await Promise.race([aborted(signal), aborted(appliance.damaged)]);
  return signal.aborted;
}
