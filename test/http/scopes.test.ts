import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashKey, SCOPES, type Scope } from '#domain';
import { type Box, openBox } from './box.ts';

/** What may look by a POST: searches, rehearsals, and links to what is stored. */
const LOOKING =
  /^POST (\/rtstream\/(collection\/)?\{id\}\/search|\/(video|collection)\/\{id\}\/search(\/v2|\/title)?|\/v1\/events\/(understand|rehearse)|\/(video|collection)\/\{id\}\/(semantic-search|query|aggregate|ask)|\/video\/\{id\}\/(stream|clip)|\/(editor\/)?download|\/(audio|image)\/\{id\}\/generate_url)$/;
/** Give out addresses at which whoever has them may send. */
const CHANGING = ['GET /collection/{id}/upload_url', 'GET /capture/session/{session}'];
/** Which keys open what; said here by itself, so that neither the routes nor the document are their own judges. */
function openers(route: string): Scope[] {
  if (route.includes(' /v1/boxes/{id}/api/')) return ['all', 'read', 'control']; // The other box judges.
  if (route.includes(' /v1/edge/')) return ['edge'];
  if (route.includes(' /v1/control/')) return ['all', 'control'];
  const looks = route.startsWith('GET ') ? !CHANGING.includes(route) : LOOKING.test(route);
  return looks ? ['all', 'read', 'control'] : ['all'];
}

/** What a session token opens; of this nothing shows what other users do. */
const FOR_TOKENS = [
  'GET /collection/{id}',
  'GET /collection/{id}/websocket',
  'POST /collection/{id}/capture/session',
  'GET /collection/{id}/capture/session/{session}',
  'POST /collection/{id}/capture/session/{session}/export',
  'POST /capture/session/start',
  'GET /capture/session/{session}',
  'POST /capture/session/{session}/stop',
  'POST /capture/session/token/revoke',
];

interface Operation {
  security: { key?: string[] }[];
}

let box: Box;
let routes: { route: string; method: string; path: string; security: Operation['security'] }[];
beforeAll(async () => {
  box = await openBox();
  for (const scope of SCOPES) box.store.keys.add(hashKey(`sk-${scope}`), scope, [scope]);
  // The document's form has tests of its own.
  const { paths } = (await (await box.app.request('http://box/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => {
      return { route: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path, security };
    }),
  );
});
afterAll(() => box[Symbol.asyncDispose]());

/** What it is refused with by who it is; what else comes of the request, with ids that there are not, is another matter. */
async function refusal(key: string, method: string, path: string): Promise<string | undefined> {
  const url = `http://box${path.replace(/\{\w+\}/g, '404')}`;
  const headers = { 'x-access-token': key, 'content-type': 'application/json' };
  const response = await box.app.request(url, { method, headers, ...(method === 'GET' ? {} : { body: '{"x":1}' }) });
  if (response.status === 403) return ((await response.json()) as { message: string }).message; // A failure's envelope.
  await response.body?.cancel();
  return undefined;
}

async function passes(scope: Scope, method: string, path: string): Promise<boolean> {
  const message = await refusal(`sk-${scope}`, method, path);
  if (message !== undefined) expect(message).toContain(`this key is for "${scope}"`);
  return message === undefined;
}

describe('scopes of keys', () => {
  it('open every route to those that it is for, and to no others, as the document says', async () => {
    const closed = routes.filter(({ security }) => security.length > 0);
    expect(closed.length).toBeGreaterThan(80);
    const wrong: string[] = [];
    for (const { route, method, path, security } of closed) {
      const wanted = openers(route);
      if (security[0]?.key?.[0] !== (wanted.includes('read') ? 'read' : wanted.at(-1)))
        wrong.push(`${route}: document`);
      for (const scope of SCOPES) {
        if ((await passes(scope, method, path)) !== wanted.includes(scope)) wrong.push(`${scope} at ${route}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('are as wide as all of a key’s together', async () => {
    box.store.keys.add(hashKey('sk-both'), 'both', ['read', 'edge']);
    const headers = { 'x-access-token': 'sk-both' };
    expect((await box.call('GET', '/v1/status', undefined, headers)).status).toBe(200);
    expect(await box.call('PUT', '/v1/groups/night', {}, headers)).toMatchObject({
      status: 403,
      message: expect.stringContaining('"read", "edge"'),
    });
  });

  it('keep pictures from keys that only send', async () => {
    const picture = async (key: string) =>
      (await box.app.request('http://box/v1/thumbs/1.jpg', { headers: { 'x-access-token': key } })).status;
    expect([await picture('sk-edge'), await picture('sk-read')]).toEqual([401, 404]);
  });

  it('are not needed of session tokens, which open what they are for', async () => {
    const closed = routes.filter(({ security }) => security.length > 0);
    const open: string[] = [];
    for (const { route, method, path } of closed) {
      const { token } = box.deps.tokens.issue(1, 600); // One route ends it.
      if ((await refusal(token, method, path)) === undefined) open.push(route);
    }
    expect(open.sort()).toEqual(FOR_TOKENS.toSorted());
  });

  it('end with the key, also those of the session tokens that it made', async () => {
    const id = box.store.keys.add(hashKey('sk-maker'), 'maker');
    const { token } = box.deps.tokens.issue(id, 600);
    const headers = { 'x-access-token': token };
    expect((await box.call('GET', '/collection/default/websocket', undefined, headers)).status).toBe(200);
    box.store.keys.revoke(id);
    expect((await box.call('GET', '/collection/default/websocket', undefined, headers)).status).toBe(401);
  });

  it('say who it was by the label of the key, and when it was last used', async () => {
    await box.call('PUT', '/v1/groups/away', {}, { 'x-access-token': 'sk-all' });
    expect((await box.call('GET', '/v1/groups')).data.groups).toContainEqual(
      expect.objectContaining({ name: 'away', by: 'key "all"' }),
    );
    const used = box.store.keys.list().find(({ label }) => label === 'all')?.lastUsedMs;
    expect(Date.now() - (used ?? 0)).toBeLessThan(60_000);
  });
});
