import { execFile } from 'node:child_process';

/** Tells systemd states (`READY=1`, `WATCHDOG=1`, `STATUS=…`, `STOPPING=1`). */
export type Notify = (...states: string[]) => void;

/**
 * Reports to systemd when it started us with `Type=notify`, else does nothing. Node has no datagram Unix sockets, so
 * systemd's own `systemd-notify` sends it (the unit needs `NotifyAccess=all`). Sending is fire and forget: if it fails
 * systemd's watchdog is what notices.
 */
export function systemdNotify(env: NodeJS.ProcessEnv = process.env): Notify {
  if (!env['NOTIFY_SOCKET']) return () => undefined;
  return (...states) => {
    execFile('systemd-notify', states, () => undefined);
  };
}

/** How often to tell `WATCHDOG=1`: a third of systemd's deadline, so that one may be lost; undefined when it doesn't ask. */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const deadlineUs = Number(env['WATCHDOG_USEC']);
  return deadlineUs > 0 ? deadlineUs / 3000 : undefined;
}
