import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const text = readFileSync(new URL('api.md', DOCS), 'utf8');

interface Operation {
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { properties?: object; required?: string[] } }> };
}

let box: Box;
let served: Map<string, Operation>;
beforeAll(async () => {
  box = await openBox();
  // The document's form has tests of its own.
  const { paths } = (await (await box.app.request('http://box/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
  served = new Map(operations);
});
afterAll(() => box[Symbol.asyncDispose]());

/** The rows of the tables: route, names in its query, and members of its body, those that may be missing with a `?`. */
const rows = [...text.matchAll(/^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`? ]+)(?:\?([^`]+))?`(?: `\{([^`]*)\}`)?/gm)].map(
  ([, route = '', query = '', body = '']) => ({ route, query: names(query, '&'), body: names(body, ',') }),
);

/** `a: [{b, c}], d?` → `a`, `d?`: what stands inside of brackets is not looked at. */
function names(list: string, separator: string): string[] {
  let inside = list.replaceAll('\\|', '|');
  for (let before = ''; before !== inside; ) {
    before = inside;
    inside = inside.replace(/\[[^[\]{}]*\]|\{[^[\]{}]*\}/g, '');
  }
  return inside
    .split(separator)
    .map((part) => part.split(/[:=]/)[0]?.trim() ?? '')
    .filter(Boolean);
}

describe('docs/api.md', () => {
  it('names every route and no other', () => {
    expect([...new Set(rows.map(({ route }) => route))].sort()).toEqual([...served.keys()].sort());
  });

  it.each(rows)('says what $route takes', ({ route, query, body }) => {
    const { parameters, requestBody } = served.get(route) ?? { parameters: [] };
    const known = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    expect(known).toEqual(expect.arrayContaining(query));
    const { properties = {}, required = [] } = requestBody?.content['application/json']?.schema ?? {};
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(body.map((name) => name.replace('?', ''))));
    const needed = body.filter((name) => !name.endsWith('?'));
    if (body.length > 0) expect(needed.sort()).toEqual([...required].sort());
  });
});

it.each([
  '../README.md',
  '../CHANGELOG.md',
  'api.md',
  'architecture.md',
  'operations.md',
  'benchmarks.md',
  'install.md',
  'security.md',
])('docs/%s has no dead link', (file) => {
  const page = new URL(file, DOCS);
  for (const [, path = '', anchor] of readFileSync(page, 'utf8').matchAll(/\]\(([^)#:\s]*)(?:#([^)]+))?\)/g)) {
    const target = path === '' ? page : new URL(path, page);
    expect(existsSync(target), `${file} → ${path}`).toBe(true);
    if (anchor !== undefined) expect(headings(readFileSync(target, 'utf8')), `${file} → #${anchor}`).toContain(anchor);
  }
});

function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it('the loss contract names counters that there are', () => {
  const contract = /## Loss contract\n([^#]*)/.exec(readFileSync(new URL('operations.md', DOCS), 'utf8'))?.[1] ?? '';
  const rows = contract.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| When'));
  const counters = rows.flatMap((row) =>
    [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  const metrics = ['metrics', 'sync-status']
    .map((file) => readFileSync(new URL(`../../src/http/box/${file}.ts`, import.meta.url), 'utf8'))
    .join('');
  expect(rows.length).toBeGreaterThanOrEqual(12);
  expect(counters.filter((name) => !metrics.includes(`'${name}'`))).toEqual([]);
});

it.each(['operations.md', 'security.md'])('docs/%s names tests that there are', (file) => {
  const named = readFileSync(new URL(file, DOCS), 'utf8').matchAll(/`(test\/[^`]+)`/g);
  for (const [, path = ''] of named) expect(existsSync(new URL(`../${path}`, DOCS)), path).toBe(true);
});
