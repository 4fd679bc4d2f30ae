import fc, { type Arbitrary } from 'fast-check';
import { forms, hostileBody, hostileSegment, hostileText, spoiled } from './hostile.ts';
import { type Schema, type Schemas, Values } from './values.ts';

interface Operation {
  parameters: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** What the box serves: documented with its schemas, or only by its path. */
export interface Route {
  method: string;
  /** Parameters as `{name}`. */
  path: string;
  operation?: Operation;
}

/** The routes that an OpenAPI document tells of. */
export function documentedRoutes(document: object): Route[] {
  // A test of its own checks the document's form.
  const { paths } = document as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

export interface FuzzRequest {
  method: string;
  url: string;
  body: Buffer;
  headers: Record<string, string>;
}

/**
 * Requests to one route: ids that exist (as the placeholders of golden/world.ts) and that don't, values that its schemas
 * allow, and values that nothing allows.
 */
export function requestsTo(route: Route, schemas: Schemas): Arbitrary<FuzzRequest> {
  const values = new Values(schemas);
  const form = route.operation?.requestBody?.content['multipart/form-data'] !== undefined;
  const sent = fc.tuple(bodies(route, values), someHeaders);
  const bodyAndHeaders = form ? fc.oneof(forms, sent) : sent;
  return fc
    .tuple(urls(route, values), bodyAndHeaders)
    .map(([url, [body, headers]]) => printed({ method: route.method, url, body, headers }));
}

/** fast-check prints a counterexample by this: a body of 100 kB is told by its beginning. */
function printed(request: FuzzRequest): FuzzRequest {
  const print = () =>
    `${request.method} ${request.url.slice(0, 500)} ${JSON.stringify(request.headers).slice(0, 300)} ` +
    `${request.body.length} B: ${JSON.stringify(request.body.toString().slice(0, 500))}`;
  return Object.defineProperty(request, fc.toStringMethod, { value: print, enumerable: false });
}

function urls({ method, path, operation }: Route, values: Values): Arbitrary<string> {
  const parts = path
    .split('/')
    .map((part) => (part.startsWith('{') ? segment(path, part.slice(1, -1)) : fc.constant(part)));
  const queries = (operation?.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const pairs = queries.map(({ name, schema }) => pair(name, values.of(schema, name)));
  const names = queries.map(({ name }) => name);
  const known = pairs.length === 0 ? fc.constant<string[]>([]) : fc.subarray(pairs).chain((some) => fc.tuple(...some));
  const some = fc.array(pair(fc.constantFrom('q', 'limit', ...names), hostileText), { maxLength: 3 });
  const conflicting = fc.oneof({ weight: 2, arbitrary: fc.constant<string[]>([]) }, { weight: 1, arbitrary: some });
  const slashes = fc.constantFrom('', '', '', '', '/', '//');
  return fc
    .tuple(fc.tuple(...parts), known, method === 'GET' ? conflicting : fc.constant([]), slashes)
    .map(([path, given, more, slash]) => {
      const query = [...given, ...more].join('&').slice(0, 8000);
      return `${path.join('/')}${slash}${query === '' ? '' : `?${query}`}`;
    });
}

function pair(name: string | Arbitrary<string>, value: Arbitrary<unknown>): Arbitrary<string> {
  const names = typeof name === 'string' ? fc.constant(name) : name;
  const values = fc.oneof(
    { weight: 3, arbitrary: value.map((one) => encodeURIComponent(wellFormed(String(one)))) },
    { weight: 1, arbitrary: hostileSegment },
  );
  return fc.tuple(names, values).map(([key, text]) => `${key}=${text}`);
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** A parameter of a path: mostly an id of the right kind, which exists. */
function segment(path: string, name: string): Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(placeholder(path, name)) },
    { weight: 1, arbitrary: hostileSegment },
  );
}

/** As golden/world.ts and links.ts name what is there. */
function placeholder(path: string, name: string): string {
  const [first = '', second = '', third = ''] = path.split('/').slice(1);
  if (name === 'index') return first === 'video' ? 'si-1' : 'idx-1';
  if (name === 'name') return NAMED[first === 'v1' ? second : `${first}/${third}`] ?? 'main.js';
  if (name === 'token' && first === 'upload') return 'upload-1';
  if (name === 'token' && third === 'pieces') return 'played-1';
  if (name in PARTS) return PARTS[name] ?? '';
  if (path.startsWith('/rtstream/collection/')) return 'c-1';
  return OF[first] ?? 'rts-1';
}

const OF: Readonly<Record<string, string>> = {
  collection: 'c-1',
  video: 'm-1',
  audio: 'a-1',
  image: 'img-1',
  ws: 'socket-1',
  'async-response': 'job-1',
};
const PARTS: Readonly<Record<string, string>> = {
  alert: 'alert-1',
  token: 'token-1',
  ticket: 'socket-1',
  slug: 'token-1',
  source: 'rts-1',
  asset: 'm-1',
};
const NAMED: Readonly<Record<string, string>> = {
  thumbs: '1.jpg',
  pictures: 'm-1.jpg',
  'hls/manifests': 'list-1',
  'hls/segments': '1.m4s',
  'hls/sessions': 'ses-asked-0.mp4',
  'hls/pieces': '0.m4s',
};

function bodies({ method, operation }: Route, values: Values): Arbitrary<Buffer> {
  if (method === 'GET') return fc.constant(Buffer.alloc(0));
  const schema = operation?.requestBody?.content['application/json']?.schema;
  if (!schema) return hostileBody;
  const good = values.of(schema, 'body');
  const written = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '');
  return fc.oneof(
    { weight: 3, arbitrary: good.map(written) },
    { weight: 5, arbitrary: spoiled(good).map(written) },
    { weight: 2, arbitrary: hostileBody },
  );
}

const someHeaders: Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ 'content-type': 'application/json' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Record<string, string>[]>(
      {},
      { 'content-type': 'text/plain; charset=\u00ff' },
      { 'content-type': 'multipart/form-data' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-encoding': 'gzip', 'content-type': 'application/json' },
      { range: 'bytes=5-1', accept: '*/*;q=x' },
      { range: `bytes=${'0-,'.repeat(500)}` },
      { 'last-event-id': '99999999999999999999', 'x-org-id': '__proto__' },
      { 'last-event-id': '-1', 'if-none-match': '"', 'if-modified-since': 'never' },
      { host: 'evil.example/@x', 'x-forwarded-host': 'evil.example' },
    ),
  },
);
