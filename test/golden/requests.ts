import { readFileSync } from 'node:fs';

/** One request as a client sent it; `call` is what its user had asked the SDK for. */
export interface Recorded {
  call: string;
  method: string;
  /** Path and query, byte for byte. */
  url: string;
  headers: Record<string, string>;
  body: string;
}

interface Line {
  m: string;
  url?: string;
  h?: Record<string, string>;
  body?: string;
}

/** Requests of the recorder to itself that name the call that follows. */
const MARK = '/mark?';
/** What depends on the socket, or is another one here. */
const LEFT_OUT = /^(host|connection|content-length|accept-encoding|x-access-token|upgrade|sec-websocket-.*)$/;

/** A recording in its order. Methods `WS` (a WebSocket is opened) and `WSMSG` (the client says something) are not HTTP's. */
export function readRecording(file: string): Recorded[] {
  const requests: Recorded[] = [];
  let call = '';
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (text === '') continue;
    const { m: method, url = '', h = {}, body = '' }: Line = JSON.parse(text);
    if (url.startsWith(MARK)) call = decodeURIComponent(url.slice(MARK.length));
    else requests.push({ call, method, url, headers: sent(h), body: whole(body, h) });
  }
  return requests;
}

/** With `x-access-token` only where the client sent one: upload addresses are opened without. */
function sent(headers: Record<string, string>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !LEFT_OUT.test(name));
  const key = 'x-access-token' in headers ? { 'x-access-token': 'sk-right' } : {};
  return { ...Object.fromEntries(kept), ...key };
}

/** The recorder kept only the beginning of the largest bodies: forms end there, and a timeline is a short one. */
function whole(
  body: string,
  { 'content-length': length = '0', 'content-type': type = '' }: Record<string, string>,
): string {
  if (Buffer.byteLength(body) === Number(length)) return body;
  const boundary = /boundary=(\S+)/.exec(type)?.[1];
  return boundary === undefined ? '{"timeline":{"tracks":[]}}' : `${body}\r\n--${boundary}--\r\n`;
}

const NAMES: Readonly<Record<string, string>> = {
  'c-1': ':collection',
  default: ':collection',
  'rts-1': ':stream',
  'idx-1': ':index',
  'alert-1': ':alert',
  'm-1': ':video',
  'si-1': ':index',
  'job-1': ':job',
  'cap-1': ':session',
  tok123: ':token',
};

/** The row of the contract's table that a request falls under. */
export function callOf({ method, url, body }: Recorded): string {
  const [path = '', query = ''] = url.split('?');
  const parts = path.split('/').filter((part) => part !== '');
  const provoked = /^\/rtstream\/(e\d+|sfalse|nosucc|nonjson|rts-none)$/.test(path);
  const named = provoked ? ['rtstream', ':unknown'] : parts.map((part) => NAMES[part] ?? part);
  return `${method} /${named.join('/')}${variant(named.at(-1), query, body)}`;
}

/** Where the contract promises something else for another form of the same request. */
function variant(last: string | undefined, query: string, body: string): string {
  if (last === 'upload' && /"callback_url": ?"[^"]/.test(body)) return ' with callback_url';
  if (query.startsWith('start%5B')) return ' with an object for start';
  return '';
}
