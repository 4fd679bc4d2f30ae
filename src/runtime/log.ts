import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { redactCredentials } from './errors.ts';
import type { RecentLines } from './recent-lines.ts';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * JSON lines on a pipe or under systemd, coloured lines on a terminal. Credentials in addresses are cut out of every
 * string of every line, whoever logged it; `recent` is given each line, as JSON. A level that is a function is asked for
 * each line.
 */
export function createLog(
  level: LogLevel | (() => LogLevel),
  destination?: NodeJS.WritableStream,
  recent?: RecentLines,
): Log {
  const streamWrite = (line: string): string => {
    const clean = redactCredentials(line);
    recent?.add(clean);
    return clean;
  };
  const options = {
    base: null,
    ...(typeof level === 'function' ? leveled(level, streamWrite) : { level, hooks: { streamWrite } }),
  };
  if (destination) return pino(options, destination);
  return process.stdout.isTTY ? pino(options, pretty({ translateTime: 'SYS:HH:MM:ss', sync: true })) : pino(options);
}

/** Children of a log keep the level that they were made with: this one is asked instead. */
function leveled(least: () => LogLevel, streamWrite: (line: string) => string): pino.LoggerOptions {
  const logMethod = function (this: Log, args: Parameters<pino.LogFn>, method: pino.LogFn, number: number): void {
    if (number >= (pino.levels.values[least()] ?? Infinity)) method.apply(this, args);
  };
  return { level: 'trace', hooks: { streamWrite, logMethod } };
}
