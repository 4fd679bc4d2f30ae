import type { CameraStatus } from '#domain';
import { type Log, type Notify, watchdogIntervalMs } from '#runtime';

/** The cameras as the watchdog sees them. */
interface Recorders {
  status(): readonly Pick<CameraStatus, 'phase'>[];
  hanging(): readonly string[];
}

export interface WatchdogFeed extends Disposable {
  /** Looks after these from now on; until then a turning event loop is enough. */
  attend(recorders: Recorders): void;
}

/**
 * Feeds systemd's watchdog and tells it how many cameras record. An event loop that no longer turns stops feeding it, and
 * so does a camera whose recorder hangs, though its own watchdogs should have ended that: systemd then starts us anew. A
 * camera that is away, or between two tries, is no reason.
 */
export function feedWatchdog(notify: Notify, log: Log, everyMs = watchdogIntervalMs()): WatchdogFeed {
  let recorders: Recorders | undefined;
  let told = '';
  const look = () => {
    const hanging = recorders?.hanging().join(', ') ?? '';
    if (hanging !== told && hanging !== '')
      log.error({ cameras: hanging }, 'their recorders hang; systemd is to restart us');
    told = hanging;
    if (hanging === '') notify('WATCHDOG=1', `STATUS=${summary(recorders?.status())}`);
    else notify(`STATUS=recorders hang: ${hanging}`);
  };
  const timer = everyMs === undefined ? undefined : setInterval(look, everyMs);
  return {
    attend: (those) => {
      recorders = those;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function summary(cameras: readonly Pick<CameraStatus, 'phase'>[] = []): string {
  const recording = cameras.filter(({ phase }) => phase === 'recording').length;
  return `${recording} of ${cameras.length} cameras record`;
}
