import { request } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import type { AnswerClass } from './contract.ts';
import type { Recorded } from './requests.ts';

export interface Received {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

/** Sends the request byte for byte: path as it is written, headers as they are given. */
export async function send(host: string, { method, url, headers, body }: Omit<Recorded, 'call'>): Promise<Received> {
  const [hostname, port] = host.split(':');
  const length = body === '' && method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: url, headers: { ...headers, ...length } }, (response) => {
      const { statusCode = 0, headers: answered } = response;
      readAll(response).then((text) => resolve({ status: statusCode, headers: answered, text }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The envelope, or what a target of uploads answers. */
export interface Envelope {
  success?: unknown;
  status?: unknown;
  message?: unknown;
  error_code?: unknown;
  data?: unknown;
}

/** Throws when the answer is in no form that the contract knows. */
export async function classify(host: string, received: Received, upload: boolean): Promise<AnswerClass> {
  const { status, text } = received;
  if (upload) return taken(received);
  const type = String(received.headers['content-type']);
  if (!/^application\/json\b/.test(type)) throw new Error(`${status} with the type ${type}`);
  const envelope: Envelope = JSON.parse(text);
  if (envelope.success === false) return failed(status, envelope);
  if (envelope.success !== true || status < 200 || status > 299 || status === 204)
    throw new Error(`${status}: ${text}`);
  const { data } = envelope;
  if (Array.isArray(data)) return 'array';
  if (typeof data !== 'object' || data === null) throw new Error(`data is no object: ${text}`);
  if (envelope.status === 'processing') return demandJob(data);
  if (Object.keys(data).length === 0) return 'empty';
  if ('websocket_url' in data) return opens(String(data.websocket_url));
  if (!('stream_url' in data)) return 'done';
  await plays(host, String(data.stream_url));
  return 'id' in data || 'video_id' in data ? 'done' : 'stream';
}

function taken({ status, text }: Received): AnswerClass {
  const unlucky = text === '' ? false : /^\s*null\s*$|"success": ?false|"status": ?"processing"/.test(text);
  if (status < 200 || status > 299 || unlucky) throw new Error(`an upload is answered with ${status} ${text}`);
  return 'taken';
}

function failed(status: number, { message, error_code: code }: Envelope): AnswerClass {
  if (typeof message !== 'string' || message === '' || typeof code !== 'string')
    throw new Error(`${status}: no message`);
  // The table says which of them a call may have.
  return status === 200 ? 'refused' : (String(status) as AnswerClass);
}

function demandJob(data: object): AnswerClass {
  if (!('output_url' in data) || !/^http:\/\//.test(String(data.output_url)))
    throw new Error('a job without output_url');
  return 'job';
}

/** The playlist and the first files that it names are there; one that offers captions names another with the files. */
async function plays(host: string, url: string): Promise<void> {
  const playlist = await get(host, url);
  if (!playlist.startsWith('#EXTM3U')) throw new Error(`${url} is no playlist`);
  const media = /^#EXT-X-STREAM-INF:.*\n(.+)$/m.exec(playlist)?.[1];
  if (media !== undefined) return plays(host, new URL(media, url).href);
  const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1];
  const first = /^[^#\s].*$/m.exec(playlist)?.[0];
  if (init === undefined || first === undefined) throw new Error(`${url} names no files: ${playlist}`);
  await get(host, new URL(init, url).href);
  await get(host, new URL(first, url).href);
}

async function get(host: string, url: string): Promise<string> {
  const { pathname, search } = new URL(url);
  const { status, text } = await send(host, { method: 'GET', url: pathname + search, headers: {}, body: '' });
  if (status !== 200) throw new Error(`GET ${url} is answered with ${status} ${text}`);
  return text;
}

async function opens(url: string): Promise<AnswerClass> {
  const socket = await openSocket(url);
  socket.close();
  return 'socket';
}

/** Open, and its first frame has told the connection id. */
export async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  const first = await new Promise<string>((resolve, reject) => {
    socket.once('message', (data: Buffer) => resolve(data.toString()));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before the first frame')));
  });
  const { connection_id: id } = JSON.parse(first) as { connection_id?: unknown };
  if (typeof id !== 'string') throw new Error(`the first frame is ${first}`);
  return socket;
}
