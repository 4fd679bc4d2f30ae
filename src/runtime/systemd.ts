import { execFile } from 'node:child_process';

/** Tells systemd a state (`READY=1`, `WATCHDOG=1`, `STATUS=…`, `STOPPING=1`). */
export type Notify = (state: string) => void;

/**
 * Reports to systemd when it started us with `Type=notify`, else does nothing. Node has no datagram Unix sockets, so
 * systemd's own `systemd-notify` sends it (the unit needs `NotifyAccess=all`). Sending is fire and forget: if it fails
 * systemd's watchdog is what notices.
 */
export function systemdNotify(env: NodeJS.ProcessEnv = process.env): Notify {
  if (!env['NOTIFY_SOCKET']) return () => undefined;
  return (state) => {
    execFile('systemd-notify', [`--pid=${process.pid}`, state], () => undefined);
  };
}

/** How often systemd wants to hear `WATCHDOG=1`, in milliseconds: half of its deadline; undefined when it doesn't. */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const deadlineUs = Number(env['WATCHDOG_USEC']);
  return deadlineUs > 0 ? deadlineUs / 2000 : undefined;
}
