import { type Logger, pino } from 'pino';
import { redactCredentials } from './errors.ts';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * JSON lines on a pipe or under systemd, coloured lines on a terminal. Credentials in addresses are cut out of every
 * string of every line, whoever logged it.
 */
export function createLog(level: LogLevel, destination: { pretty: boolean } = { pretty: process.stdout.isTTY }): Log {
  const hooks = {
    streamWrite: (line: string) => redactCredentials(line),
  };
  if (!destination.pretty) return pino({ level, base: null, hooks });
  return pino({
    level,
    base: null,
    hooks,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' } },
  });
}
