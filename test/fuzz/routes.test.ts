/** No request to any route, however wrong, brings an inner error, a secret, or the end of the server. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../golden/world.ts';
import { type FuzzAnswer, FuzzClient } from './client.ts';
import { hostileSegment } from './hostile.ts';
import { documentedRoutes, type FuzzRequest, type Route, requestsTo, type Schemas } from './requests.ts';

/** FUZZ_SEED and FUZZ_RUNS ask for other and for more requests; a failure names the seed that brings it back. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_115);
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 40);
/** What the server may hold more, after all that, than before. */
const MOST_MIB = 96;

let world: World;
let client: FuzzClient;
let documented: Route[];
let schemas: Schemas;
let leaks: [what: string, pattern: RegExp][];

beforeAll(async () => {
  console.log(`fuzzing with FUZZ_SEED=${seed} FUZZ_RUNS=${numRuns}`);
  world = await World.open();
  client = new FuzzClient(Number(world.host.split(':')[1]));
  const { text } = await client.send({ method: 'GET', url: '/v1/openapi.json', body: Buffer.alloc(0), headers: {} });
  const document = JSON.parse(text) as { components: { schemas: Schemas } };
  documented = documentedRoutes(document);
  schemas = document.components.schemas;
  const { signingKey } = world.box.store;
  leaks = [
    ['a stack trace', /\bat .+[(/].*:\d+:\d+/],
    ['a path of the program', /node_modules|file:\/\/|\.ts:\d|better-sqlite3/],
    ["a path of the box's", new RegExp(literal(world.box.dir))],
    ["the database's words", /SqliteError|SQLITE_|no such column|fts5/],
    ['the API key', /sk-right/],
    ["a camera's password", /canary/],
    [
      'the signing key',
      new RegExp(['hex', 'base64', 'base64url'].map((form) => literal(signingKey.toString(form as 'hex'))).join('|')),
    ],
  ];
});
afterAll(async () => {
  client[Symbol.dispose]();
  await world[Symbol.asyncDispose]();
});

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** Throws when the answer is one that no request may bring. */
function demandSober(
  { method, url }: Pick<FuzzRequest, 'method' | 'url'>,
  { status, reason, type, text }: FuzzAnswer,
): void {
  const told = `${method} ${url.slice(0, 200)} → ${status} ${text.slice(0, 500)}`;
  if (status >= 500 || status < 200 || (status >= 300 && status < 400)) throw new Error(`status: ${told}`);
  if (status >= 400 || type.startsWith('application/json')) demandEnvelope(status, type, text, told);
  for (const [what, pattern] of leaks) {
    if (pattern.test(text) || pattern.test(reason)) throw new Error(`${what}: ${told}`);
  }
  if (Object.hasOwn(Object.prototype, 'polluted')) throw new Error(`prototype polluted: ${told}`);
}

function demandEnvelope(status: number, type: string, text: string, told: string): void {
  if (status === 416) return;
  if (!type.startsWith('application/json')) throw new Error(`type ${type}: ${told}`);
  const { success, message, error_code: code, openapi } = JSON.parse(text) as Record<string, unknown>;
  if (openapi !== undefined) return;
  if (typeof success !== 'boolean' || (status >= 400 && success)) throw new Error(`success: ${told}`);
  if (success) return;
  if (typeof message !== 'string' || message === '' || message.length > 4000) throw new Error(`message: ${told}`);
  if (status >= 400 && typeof code !== 'string') throw new Error(`error_code: ${told}`);
}

async function bombard(route: Route): Promise<void> {
  const property = fc.asyncProperty(requestsTo(route, schemas), async (request) => {
    const sent = {
      ...request,
      url: world.here(request.url),
      body: Buffer.from(world.here(request.body.toString('latin1')), 'latin1'),
    };
    demandSober(sent, await client.send(sent));
  });
  await fc.assert(property, { seed, numRuns, interruptAfterTimeLimit: 20_000 });
  await demandHealthy();
}

async function demandHealthy(): Promise<void> {
  const { status } = await client.send({ method: 'GET', url: '/v1/health', body: Buffer.alloc(0), headers: {} });
  expect(status).toBe(200);
}

function heapMib(): number {
  setFlagsFromString('--expose_gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

describe('requests that nobody meant', { timeout: 120_000 }, () => {
  it('to every documented route are answered soberly, and hold no memory', async () => {
    const before = heapMib();
    for (const route of documented) await bombard(route);
    expect(documented.length).toBeGreaterThan(30);
    expect(heapMib() - before).toBeLessThan(MOST_MIB);
  });

  it('to every other route are answered soberly', async () => {
    const known = new Set(documented.map(({ method, path }) => `${method} ${path}`));
    const others = world.box.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => ({ method, path: path.replace(/:(\w+)(\{[^/]*\})?/g, '{$1}') }))
      .filter(({ method, path }) => !known.has(`${method} ${path}`));
    expect(others.map(({ path }) => path)).toContain('/ws/{ticket}');
    for (const route of others) await bombard(route);
  });

  it('to paths that are no routes are answered soberly', async () => {
    const paths = fc
      .array(hostileSegment, { minLength: 1, maxLength: 6 })
      .map((parts) => `/${parts.join('/')}`.slice(0, 8000));
    const methods = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD');
    const property = fc.asyncProperty(methods, paths, async (method, url) => {
      const answer = await client.send({ method, url, body: Buffer.alloc(0), headers: {} });
      if (method !== 'HEAD') demandSober({ method, url }, answer);
      else expect(answer.status).toBeLessThan(500);
    });
    await fc.assert(property, { seed, numRuns: numRuns * 5 });
    await demandHealthy();
  });
});
