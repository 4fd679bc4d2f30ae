import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openBox } from './box.ts';

it('docs/api.md names every route and no other', async () => {
  await using box = await openBox();
  // The document's form has tests of its own.
  const { paths } = (await (await box.app.request('http://box/v1/openapi.json')).json()) as { paths: object };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`? ]+)/gm)].map((match) => match[1]);
  expect([...new Set(documented)].sort()).toEqual([...new Set(served)].sort());
});
