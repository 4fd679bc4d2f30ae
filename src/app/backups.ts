import type { Config } from '#config';
import { type Clock, type Log, messageOf } from '#runtime';
import type { Store } from '#store';
import { tendSpareRoom } from './spare-room.ts';

const MINUTE_MS = 60_000;

export interface BackupDeps {
  config: Config;
  store: Pick<Store, 'backups'>;
  clock: Clock;
  log: Log;
}

/** Looks every minute after spare room and whether the database is to be copied. Ends when aborted. */
export async function keepBackups({ config, store, clock, log }: BackupDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(MINUTE_MS, signal);
      const { reservePercent } = config.recording;
      await tendSpareRoom(config.dataDir);
      if (await store.backups.makeIfDue({ reservePercent, signal })) log.info('the database was copied and checked');
    } catch (error) {
      if (signal.aborted) return;
      log.error({ error: messageOf(error) }, 'the database was not copied; will retry');
    }
  }
}
