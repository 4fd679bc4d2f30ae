import fc, { type Arbitrary } from 'fast-check';
import { hostileBody, hostileSegment, hostileText, spoiled } from './hostile.ts';

type Json = Record<string, unknown>;

/** What is read of the JSON Schemas of an OpenAPI document. */
interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  type?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  minItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
}

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
export function requestsTo(route: Route, schemas: Record<string, Schema>): Arbitrary<FuzzRequest> {
  const values = new Values(schemas);
  return fc
    .record({ url: urls(route, values), body: bodies(route, values), headers: someHeaders })
    .map(({ url, body, headers }) => printed({ method: route.method, url, body, headers }));
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
  const pairs = queries.map(({ name, schema }) => pair(name, values.of(schema)));
  const names = queries.map(({ name }) => name);
  const known = pairs.length === 0 ? fc.constant<string[]>([]) : fc.subarray(pairs).chain((some) => fc.tuple(...some));
  const conflicting = fc.array(pair(fc.constantFrom('q', 'limit', ...names), hostileText), { maxLength: 3 });
  const slashes = fc.constantFrom('', '', '', '', '/', '//');
  return fc
    .tuple(fc.tuple(...parts), known, method === 'GET' ? conflicting : fc.constant([]), slashes)
    .map(([path, some, more, slash]) => {
      const query = [...some, ...more].join('&').slice(0, 8000);
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

function placeholder(path: string, name: string): string {
  const of = /^\/(?:v1\/)?(\w+)/.exec(path)?.[1];
  if (name === 'index') return of === 'video' ? 'si-1' : 'idx-1';
  if (name === 'alert') return 'alert-1';
  if (path.startsWith('/rtstream/collection/') || of === 'collection') return 'c-1';
  if (of === 'video' || of === 'pictures') return name === 'name' ? 'm-1.jpg' : 'm-1';
  if (of === 'thumbs') return '1.jpg';
  return path.startsWith('/async-response/') ? 'job-1' : 'rts-1';
}

function bodies({ method, operation }: Route, values: Values): Arbitrary<Buffer> {
  if (method === 'GET') return fc.constant(Buffer.alloc(0));
  const schema = operation?.requestBody?.content['application/json']?.schema;
  if (!schema) return hostileBody;
  const good = values.of(schema);
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

/** Values that a schema allows; strings are also ids that exist. */
class Values {
  readonly #schemas: Record<string, Schema>;

  constructor(schemas: Record<string, Schema>) {
    this.#schemas = schemas;
  }

  of(schema: Schema, depth = 0): Arbitrary<unknown> {
    if (schema.$ref !== undefined) return this.of(this.#schemas[schema.$ref.replace(/^.*\//, '')] ?? {}, depth + 1);
    const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (depth > 6) return fc.constant(null);
    if (choices) return fc.oneof(...choices.map((one) => this.of(one, depth + 1)));
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    return this.#ofType(schema, depth);
  }

  #ofType(schema: Schema, depth: number): Arbitrary<unknown> {
    switch (schema.type) {
      case 'string':
        return fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: Math.min(schema.maxLength ?? 30, 30) }));
      case 'integer':
        return fc.oneof(fc.integer(limits(schema)), fc.constantFrom('1', '2'));
      case 'number': {
        const { min, max } = limits(schema);
        return fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(1_711_000_000, 1_711_000_005.5, '1.5'));
      }
      case 'boolean':
        return fc.oneof(fc.boolean(), fc.constantFrom('true', 'false'));
      case 'array':
        return this.#list(schema, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  }

  #list({ items, prefixItems, minItems }: Schema, depth: number): Arbitrary<unknown> {
    if (prefixItems) return fc.tuple(...prefixItems.map((one) => this.of(one, depth + 1)));
    const item = typeof items === 'object' ? this.of(items, depth + 1) : fc.jsonValue({ maxDepth: 2 });
    return fc.array(item, { minLength: minItems ?? 0, maxLength: (minItems ?? 0) + 3 });
  }

  #object({ properties = {}, required = [] }: Schema, depth: number): Arbitrary<unknown> {
    const members = Object.entries(properties).map(([name, one]) => [name, this.of(one, depth + 1)] as const);
    if (members.length === 0)
      return fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
    // `required` of the document names members of the same object.
    return fc.record(Object.fromEntries(members), { requiredKeys: required as never[] });
  }
}

const WORDS = [
  'a person enters',
  'c-1',
  'rts-1',
  'idx-1',
  'event-1',
  'm-1',
  'si-1',
  'conn-1',
  'job-1',
  '2',
  'http://127.0.0.1:1/',
];

function limits({ minimum = -1e6, maximum = 1e6 }: Schema): { min: number; max: number } {
  return { min: Math.max(minimum, Number.MIN_SAFE_INTEGER), max: Math.min(maximum, Number.MAX_SAFE_INTEGER) };
}

export type Schemas = Record<string, Schema>;
export type { Json };
