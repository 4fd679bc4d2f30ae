import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { redactCredentials } from './errors.ts';
import type { RecentLines } from './recent-lines.ts';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * JSON lines on a pipe or under systemd, coloured lines on a terminal. Credentials in addresses are cut out of every
 * string of every line, whoever logged it; `recent` is given each line, as JSON.
 */
export function createLog(level: LogLevel, destination?: NodeJS.WritableStream, recent?: RecentLines): Log {
  const streamWrite = (line: string): string => {
    const clean = redactCredentials(line);
    recent?.add(clean);
    return clean;
  };
  const options = { level, base: null, hooks: { streamWrite } };
  if (destination) return pino(options, destination);
  return process.stdout.isTTY ? pino(options, pretty({ translateTime: 'SYS:HH:MM:ss', sync: true })) : pino(options);
}
