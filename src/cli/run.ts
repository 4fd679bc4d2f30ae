import { existsSync } from 'node:fs';
import { type ApplianceOptions, runAppliance } from '#app';
import { type Config, type ConfigSource, loadConfig, readWritten, variablesIn } from '#config';
import { createLog, Fault, isFault, type Log, messageOf, RecentLines, systemClock, systemdNotify } from '#runtime';
import { databaseFile, databaseProblem } from '#store';
import { aborted, print, styled } from './terminal.ts';

export interface RunOptions {
  config?: string;
  dataDir?: string;
  listen?: string;
}

/** A disk that damages the database more often than that, one after the other, is no place for it. */
const MOST_RESTORES = 3;
const SHORT_LIFE_MS = 3_600_000;
/** By child processes, whoever else refers to it. */
const NEEDED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'USER', 'LD_LIBRARY_PATH', 'NODE_ENV'];

/**
 * Runs the appliance until `signal` aborts, then ends it in order. When its database turns out to be damaged it is ended
 * and run anew, which restores the database; throws `internal` when that happens again and again. When somebody asks for
 * a restart, it is run anew with the configuration as it is then.
 */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const source: ConfigSource = { file: options.config, env: { ...process.env }, overrides: options };
  let config = await configAtFirst(source);
  await keepSecrets(source);
  const firstKey = source.env['WATCHPOST_API_KEY'];
  const recentLog = new RecentLines();
  let level = config.logLevel;
  const log = createLog(() => level, undefined, recentLog);
  const setLogLevel = (wanted: typeof level) => {
    level = wanted;
  };
  const notify = systemdNotify();
  process.on('SIGHUP', () => undefined); // Before there is a box that reads its file again, it is no reason to end.
  const lasting = { log, setLogLevel, recentLog, source, notify, firstKey };
  for (let restores = 0; restores <= MOST_RESTORES; restores += 1) {
    const startedMs = systemClock.monotonicMs();
    const end = await endOfLife(config, lasting, signal);
    if (end === 'stopped') return;
    if (end === 'restart') config = await configAgain(config, source, log);
    if (end === 'restart' || systemClock.monotonicMs() - startedMs > SHORT_LIFE_MS) restores = 0;
  }
  throw new Fault('internal', 'the database was damaged again and again: the disk fails; move the data directory');
}

/** A file that is wrong is no reason not to record where the box did already: what served last is in its database. */
async function configAtFirst({ file, env, overrides }: ConfigSource): Promise<Config> {
  try {
    return await loadConfig(file, env, overrides);
  } catch (error) {
    const withoutFile = await loadConfig(undefined, env, overrides);
    if (!existsSync(databaseFile(withoutFile.dataDir))) throw error;
    return withoutFile;
  }
}

/** A file that is wrong now is no reason to stop recording: the box goes on as it was. */
async function configAgain(config: Config, { file, env, overrides }: ConfigSource, log: Log): Promise<Config> {
  try {
    return await loadConfig(file, env, overrides);
  } catch (error) {
    log.error({ error: messageOf(error) }, 'the configuration can not be used: restarting with the one before');
    return config;
  }
}

/** Child processes have no business with what the configuration takes from the environment, nor with the first key. */
async function keepSecrets(source: ConfigSource): Promise<void> {
  const written = await readWritten(source).catch(() => ({})); // What is wrong with it is known by now.
  const secrets = variablesIn(written).filter((name) => !NEEDED.includes(name));
  for (const name of ['WATCHPOST_API_KEY', ...secrets]) delete process.env[name];
}

type End = 'stopped' | 'damaged' | 'restart';

/** One life, and why it ended: a damaged database, be it found at the start, asks for another. */
async function endOfLife(config: Config, options: ApplianceOptions, signal: AbortSignal): Promise<End> {
  try {
    return await live(config, options, signal);
  } catch (error) {
    const canRestore = !isFault(error, 'unavailable') && databaseProblem(config.dataDir) !== undefined;
    if (signal.aborted || !canRestore) throw error;
    return 'damaged';
  }
}

async function live(config: Config, options: ApplianceOptions, signal: AbortSignal): Promise<End> {
  await using appliance = await runAppliance(config, options, signal);
  if (appliance.first) {
    const { key, code } = appliance.first;
    print(
      `${styled('bold', 'Page')}: ${appliance.url}  ${styled('bold', 'code')} ${code} (signs in once, within an hour)`,
    );
    print(`${styled('bold', 'API key')} (shown this once; \`watchpost token create\` makes more): ${key}`);
  }
  const { damaged, restarting } = appliance;
  const reload = () => void appliance.reload();
  process.on('SIGHUP', reload);
  await Promise.race([signal, damaged, restarting].map(aborted));
  process.off('SIGHUP', reload);
  if (signal.aborted) return 'stopped';
  return damaged.aborted ? 'damaged' : 'restart';
}
