import { Fault, isAbort, messageOf } from '#runtime';
import type { Screen } from './progress.ts';
import { print, printTable, styled } from './terminal.ts';

export interface RehearseOptions {
  since: string;
  stream?: string;
  threshold?: number;
  url: string;
  key?: string;
  json?: boolean;
}

interface FiredLine {
  type: 'alert';
  stream_name: string;
  start: number;
  confidence: number;
  explanation: string;
}
interface SummaryLine {
  type: 'summary';
  understood: string;
  alerts: number;
  left_off: number;
  alerts_per_day: number;
  thresholds: { confidence: number; alerts: number; alerts_per_day: number }[];
  streams: { stream_name: string; days: number; looked: number; mute: number; told_anew: number; missing: string[] }[];
}
type Line =
  | FiredLine
  | SummaryLine
  | { type: 'progress'; progress: number }
  | { type: 'error'; message: string; error_code: string };

/**
 * Asks the box that runs when a prompt would have fired, and prints it as a table; progress goes to stderr. Throws
 * `invalid`, `unauthorized` or `unavailable` in words that say what to do.
 */
export async function rehearse(prompt: string, options: RehearseOptions, signal: AbortSignal): Promise<void> {
  const to = Date.now() / 1000;
  const key = options.key ?? process.env['WATCHPOST_API_KEY'];
  if (!key) throw new Fault('invalid', 'the box wants an API key: give --key, or WATCHPOST_API_KEY in the environment');
  const from = to - secondsOf(options.since);
  const { stream, threshold } = options;
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 1))
    throw new Fault('invalid', '--threshold: must be a number between 0 and 1, e.g. 0.5');
  const wish = { ...(stream === undefined ? {} : { stream }), ...(threshold === undefined ? {} : { threshold }) };
  const body = { prompt, from, to, ...wish };
  const fired: FiredLine[] = [];
  const show = progressOn(process.stderr);
  for await (const line of linesFrom(await ask(options.url, key, body, signal), signal)) {
    if (line.type === 'error') throw new Fault('unavailable', line.message);
    if (line.type === 'alert') fired.push(line);
    if (line.type === 'progress') show(line.progress, fired.length);
    if (line.type !== 'summary') continue;
    show(1, fired.length);
    if (options.json)
      print(JSON.stringify({ ...line, type: undefined, fired: fired.map((one) => ({ ...one, type: undefined })) }));
    else printAll(fired, line);
    return;
  }
  throw new Fault('unavailable', 'the box broke off: its log says why');
}

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 604_800 };

/** "7d", "12h", "30m", "2w". Throws `invalid`. */
export function secondsOf(length: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,5}(?:\.\d+)?)([mhdw])$/.exec(length.trim()) ?? [];
  const seconds = Number(amount) * (UNITS[unit] ?? 0);
  if (!(seconds > 0))
    throw new Fault('invalid', `--since: "${length}" is no length of time; "30m", "12h", "7d" and "2w" are`);
  return seconds;
}

async function ask(url: string, key: string, body: object, signal: AbortSignal): Promise<Response> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Fault('invalid', `--url: "${url}" is no address such as http://127.0.0.1:8080`);
  const headers = { 'x-access-token': key, 'content-type': 'application/json', accept: 'application/x-ndjson' };
  try {
    const address = new URL('v1/events/rehearse', url.endsWith('/') ? url : `${url}/`);
    const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body), signal });
    if (response.headers.get('content-type')?.startsWith('application/x-ndjson') === true) return response;
    throw new Fault('refused', await refusalOf(response));
  } catch (error) {
    if (isAbort(error) || error instanceof Fault) throw error;
    throw new Fault('unavailable', `nothing answers at ${url}: "watchpost run" starts the box, --url says where it is`);
  }
}

async function refusalOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text) as { message?: unknown }; // The envelope of every answer.
    if (typeof message === 'string' && message !== '') return message;
  } catch {
    // It is no Watchpost.
  }
  return `what answers there is no Watchpost that rehearses (status ${response.status})`;
}

async function* linesFrom({ body }: Response, signal: AbortSignal): AsyncGenerator<Line, void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new Fault('unavailable', `the box broke off: ${messageOf(error)}`);
  }
}

/** One line that is drawn anew; nothing where nobody watches. */
function progressOn(screen: Screen): (share: number, alerts: number) => void {
  return (share, alerts) => {
    if (!screen.isTTY) return;
    screen.write(share < 1 ? `\r\x1b[K${Math.floor(share * 100)} %  ${alerts} alerts` : '\r\x1b[K');
  };
}

function printAll(fired: readonly FiredLine[], summary: SummaryLine): void {
  const { alerts, left_off: leftOff, thresholds, streams } = summary;
  print(styled('bold', summary.understood));
  if (fired.length > 0) {
    const rows = fired.map((one) => [timeOf(one.start), one.stream_name, sure(one.confidence), one.explanation]);
    printTable([['when', 'camera', 'sure', 'what'], ...rows]);
  }
  if (leftOff > 0) print(`and ${leftOff} more`);
  const days = Math.max(0, ...streams.map((one) => one.days));
  print(`${alerts} ${alerts === 1 ? 'alert' : 'alerts'} in ${days.toFixed(1)} days, ${summary.alerts_per_day} a day`);
  const steps = thresholds.filter((one, i) => i > 0 && one.alerts !== thresholds[i - 1]?.alerts);
  for (const one of steps) print(`  told from ${sure(one.confidence)} on: ${one.alerts}, ${one.alerts_per_day} a day`);
  for (const { stream_name: name, looked, mute, told_anew: anew, missing } of streams) {
    if (looked === 0) print(`${styled('yellow', name)}: nothing is stored of this time`);
    if (mute > 0) print(`${styled('yellow', name)}: ${mute} of ${looked} records do not tell it`);
    if (anew > 0) print(`${styled('yellow', name)}: of ${anew} records only the last words are known`);
    for (const reason of missing) print(`${styled('yellow', name)}: ${reason}`);
  }
}

function sure(confidence: number): string {
  return `${Math.round(confidence * 100)} %`;
}

/** "2026-01-15 13:04:59", by the clock of whoever asks. */
function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}
