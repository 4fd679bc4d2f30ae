/** No request to any route, however wrong, brings an inner error, a secret, or the end of the server. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../golden/world.ts';
import { FuzzClient } from './client.ts';
import { hostileSegment } from './hostile.ts';
import { signedBy } from './links.ts';
import { documentedRoutes, type Route, requestsTo } from './requests.ts';
import { demandSober, type Leak, leaksOf } from './sober.ts';
import type { Schemas } from './values.ts';

/** FUZZ_SEED and FUZZ_RUNS ask for other and for more requests; a failure names the seed that brings it back. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_115);
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 40);
/** What the server may hold more, after all that, than before. */
const MOST_MIB = 64;

let world: World;
let client: FuzzClient;
let documented: Route[];
let schemas: Schemas;
let leaks: Leak[];

beforeAll(async () => {
  console.log(`fuzzing with FUZZ_SEED=${seed} FUZZ_RUNS=${numRuns}`);
  world = await World.open();
  client = new FuzzClient(Number(world.host.split(':')[1]));
  const { text } = await client.send({ method: 'GET', url: '/v1/openapi.json', body: Buffer.alloc(0), headers: {} });
  const document = JSON.parse(text) as { components: { schemas: Schemas } };
  documented = documentedRoutes(document);
  schemas = document.components.schemas;
  leaks = leaksOf(world.box);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await world[Symbol.asyncDispose]();
});

/** What went wrong, or nothing. The server must be well after it. */
async function bombard(route: Route): Promise<string[]> {
  const property = fc.asyncProperty(requestsTo(route, schemas), async (request) => {
    const body = Buffer.from(world.here(request.body.toString('latin1')), 'latin1');
    const sent = { ...request, url: world.here(request.url), body };
    demandSober(sent, await client.send(sent), leaks);
  });
  const details = await fc.check(property, { seed, numRuns });
  await demandHealthy();
  if (!details.failed) return [];
  const cause = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  return [`${cause}\n  seed ${seed}, path ${details.counterexamplePath}, ${fc.stringify(details.counterexample?.[0])}`];
}

/** One route after the other. */
async function bombardAll(routes: readonly Route[]): Promise<string[]> {
  await signedBy(world, client);
  const problems: string[] = [];
  // Afterwards there is no camera any more, and most routes have nothing to say.
  const isLast = ({ method, path }: Route) => method === 'DELETE' && path.startsWith('/v1/control/cameras/');
  const inOrder = [...routes.filter((route) => !isLast(route)), ...routes.filter(isLast)];
  for (const route of inOrder) problems.push(...(await bombard(route)));
  return problems;
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

describe('requests that nobody meant', { timeout: 60_000 + numRuns * 2000 }, () => {
  it('to every other route are answered soberly', async () => {
    const known = new Set(documented.map(({ method, path }) => `${method} ${path}`));
    const others = world.box.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => ({ method, path: path.replace(/:(\w+)(\{[^/]*\})?/g, '{$1}') }))
      .filter(({ method, path }) => !known.has(`${method} ${path}`));
    expect(others.map(({ path }) => path)).toContain('/ws/{ticket}');
    expect(await bombardAll(others)).toEqual([]);
  });

  it('to every documented route are answered soberly, and hold no memory', async () => {
    const before = heapMib();
    expect(await bombardAll(documented)).toEqual([]);
    expect(documented.length).toBeGreaterThan(30);
    expect(heapMib() - before).toBeLessThan(MOST_MIB);
  });

  it('to paths that are no routes are answered soberly', async () => {
    const paths = fc
      .array(hostileSegment, { minLength: 1, maxLength: 6 })
      .map((parts) => `/${parts.join('/')}`.slice(0, 8000));
    const methods = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD');
    const property = fc.asyncProperty(methods, paths, async (method, url) => {
      const answer = await client.send({ method, url, body: Buffer.alloc(0), headers: {} });
      if (method !== 'HEAD') demandSober({ method, url }, answer, leaks);
      else expect(answer.status).toBeLessThan(500);
    });
    await fc.assert(property, { seed, numRuns: numRuns * 5 });
    await demandHealthy();
  });
});
