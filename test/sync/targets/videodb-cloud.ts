import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { sha256 } from './fixture.ts';

export const KEY = 'sk-canary-4711';
const REAL_ID = 'c-0f3a';
/** What each request may say, and no more. */
const QUERY: Record<Step, string[]> = {
  collection: [],
  upload_url: ['name'],
  file: ['token'],
  upload: [],
  video: ['collection_id', 'page_index', 'count'],
  audio: ['collection_id', 'page_index', 'count'],
  job: [],
};
const BODY = ['url', 'name', 'description', 'callback_url', 'media_type'];

export type Step = 'collection' | 'upload_url' | 'file' | 'upload' | 'video' | 'audio' | 'job';
export type Manner = (response: ServerResponse, request: IncomingMessage, go: () => Promise<unknown>) => unknown;

interface Video {
  id: string;
  collection_id: string;
  name: string;
  description?: string;
  sha256: string;
  file?: Buffer;
}

export interface Cloud extends AsyncDisposable {
  url: string;
  port: number;
  videos: Video[];
  /** What differed from the contract. */
  violations: string[];
  /** In the order in which they came. */
  steps: Step[];
  /** How many bytes of files came, also of broken ones. */
  fileBytes: number;
  /** How the next requests of a step are dealt with, one after the other; then as usual. */
  next(step: Step, ...manners: Manner[]): void;
  /** Videos are made by jobs that answer "processing" so often. */
  polls: number;
  /** Whether videos are listed with their descriptions. */
  describes: boolean;
}

/**
 * VideoDB's cloud so far as uploads need it, written from the wire contract (§1.1–1.5, §3.2, §4, §9) and stricter than
 * it: whatever a client of VideoDB wouldn't send is a violation and is refused.
 */
export async function startCloud(port = 0): Promise<Cloud> {
  const files = new Map<string, Buffer | undefined>();
  const jobs = new Map<string, { left: number; video: Video }>();
  const manners = new Map<Step, Manner[]>();
  const state: Pick<Cloud, 'videos' | 'violations' | 'steps'> = { videos: [], violations: [], steps: [] };
  const options = { polls: 0, describes: true, fileBytes: 0 };
  let count = 0;

  const answer = (response: ServerResponse, body: unknown, status = 200): unknown =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const data = (response: ServerResponse, what: unknown): unknown => answer(response, { success: true, data: what });
  const refuse = (response: ServerResponse, message: string, status = 400): unknown =>
    answer(response, { success: false, message }, status);

  const listed = ({ id, collection_id, name, description }: Video) => {
    const view = { id, collection_id, name, length: '15.0', size: '200000' };
    return options.describes ? { ...view, description } : view;
  };

  async function takeFile(request: IncomingMessage, response: ServerResponse, url: URL): Promise<unknown> {
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1];
    request.on('data', (chunk: Buffer) => {
      options.fileBytes += chunk.length;
    });
    const form = await buffer(request);
    const token = url.searchParams.get('token') ?? '';
    if (!files.has(token) || files.get(token)) return refuse(response, 'Request has expired', 403);
    const [head = ''] = form.toString('latin1', 0, 1000).split('\r\n\r\n');
    const part = /^--(.+)\r\nContent-Disposition: form-data; name="file"; filename="[^"]+"(\r\nContent-Type: \S+)?$/;
    const end = form.length - Buffer.byteLength(`\r\n--${boundary}--\r\n`);
    if (part.exec(head)?.[1] !== boundary || form.toString('latin1', end) !== `\r\n--${boundary}--\r\n`) {
      return violation(response, `no form with the one part "file": ${head}`);
    }
    files.set(token, form.subarray(head.length + 4, end));
    return response.writeHead(204).end();
  }

  async function makeVideo(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const body: Record<string, unknown> = JSON.parse((await buffer(request)).toString());
    const strange = Object.keys(body).filter((name) => !BODY.includes(name));
    if (strange.length > 0) return violation(response, `upload: unknown ${strange.join(', ')}`);
    const token = new URL(String(body['url'])).searchParams.get('token') ?? '';
    const file = files.get(token);
    if (!file) return refuse(response, `Failed to download ${body['url']}`);
    count += 1;
    const video: Video = {
      id: `${body['media_type'] === 'audio' ? 'a' : 'm'}-${count}`,
      collection_id: REAL_ID,
      name: String(body['name']),
      description: String(body['description']),
      sha256: sha256(file),
      file,
    };
    if (options.polls === 0) {
      state.videos.push(video);
      return data(response, listed(video));
    }
    const id = `job-${count}`;
    jobs.set(id, { left: options.polls, video });
    return answer(response, {
      success: true,
      status: 'processing',
      request_type: 'sync',
      data: { id, output_url: `${origin()}/async-response/${id}` },
    });
  }

  function poll(response: ServerResponse, id: string): unknown {
    const job = jobs.get(id);
    if (!job) return refuse(response, 'no such job', 404);
    job.left -= 1;
    if (job.left > 0) return answer(response, { success: true, status: 'in progress', data: { percentage: 50 } });
    if (!state.videos.includes(job.video)) state.videos.push(job.video);
    return answer(response, {
      success: true,
      status: 'done',
      response: { success: true, message: '', data: listed(job.video) },
    });
  }

  function violation(response: ServerResponse, what: string): unknown {
    state.violations.push(what);
    return refuse(response, what);
  }

  /** What is wrong with a request, whatever it asks for. */
  function wrong(request: IncomingMessage, step: Step | undefined, url: URL): string | undefined {
    if (!step) return `no such route: ${request.method} ${url.pathname}`;
    const strange = [...url.searchParams.keys()].find((name) => !QUERY[step].includes(name));
    if (strange) return `${step}: unknown parameter ${strange}`;
    const { headers } = request;
    if (step === 'file') {
      if (headers['x-access-token']) return 'the key was sent to the address of the file';
      return headers['content-length'] ? undefined : 'file: no Content-Length';
    }
    if (!headers['x-videodb-client']) return `${step}: no x-videodb-client`;
    if (headers.authorization || headers.cookie) return `${step}: authorization or cookie`;
    const json = headers['content-type'] === 'application/json';
    return json === (request.method === 'POST') ? undefined : `${step}: content-type ${headers['content-type']}`;
  }

  const server = createServer(async (request, response) => {
    request.on('error', () => undefined);
    const url = new URL(request.url ?? '/', origin());
    const step = stepOf(request.method ?? '', url.pathname);
    const problem = wrong(request, step, url);
    if (problem || !step) return violation(response, problem ?? '');
    state.steps.push(step);
    const go = async (): Promise<unknown> => {
      if (step !== 'file' && request.headers['x-access-token'] !== KEY) return refuse(response, 'Invalid key', 401);
      if (step === 'collection') return data(response, { id: REAL_ID, name: 'Default', description: '' });
      if (step === 'file') return takeFile(request, response, url);
      if (step === 'upload') return makeVideo(request, response);
      if (step === 'job') return poll(response, url.pathname.split('/').pop() ?? '');
      if (step === 'video' || step === 'audio') {
        const made = state.videos.filter(({ id }) => id.startsWith(step === 'audio' ? 'a-' : 'm-'));
        return data(response, { [`${step}s`]: pageOf(made, url).map(listed) });
      }
      count += 1;
      files.set(`t${count}`, undefined);
      return data(response, { upload_url: `${origin()}/presigned?token=t${count}`, video_id: `m-${count}` });
    };
    const manner = manners.get(step)?.shift();
    await Promise.resolve(manner ? manner(response, request, go) : go()).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // `address()` of a server that listens on TCP.
  const at = (server.address() as AddressInfo).port;
  const origin = () => `http://127.0.0.1:${at}`;

  return Object.assign(options, state, {
    url: origin(),
    port: at,
    next: (step: Step, ...given: Manner[]) => void manners.set(step, [...(manners.get(step) ?? []), ...given]),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

function stepOf(method: string, path: string): Step | undefined {
  const known: [string, RegExp, Step][] = [
    ['GET', /^\/collection\/(?:default|c-0f3a)$/, 'collection'],
    ['GET', /^\/collection\/c-0f3a\/upload_url$/, 'upload_url'],
    ['POST', /^\/presigned$/, 'file'],
    ['POST', /^\/collection\/c-0f3a\/upload$/, 'upload'],
    ['GET', /^\/video$/, 'video'],
    ['GET', /^\/audio$/, 'audio'],
    ['GET', /^\/async-response\/job-\d+$/, 'job'],
  ];
  return known.find(([verb, pattern]) => verb === method && pattern.test(path))?.[2];
}

function pageOf(videos: Video[], { searchParams }: URL): Video[] {
  const count = Number(searchParams.get('count') ?? 50);
  const from = Number(searchParams.get('page_index') ?? 0) * count;
  return videos.slice(from, from + count);
}
