import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openBox } from './box.ts';

it('docs/api.md names every route and no other', async () => {
  await using box = await openBox();
  const served = box.app.routes
    .filter(({ method, path }) => method !== 'ALL' && /^\/(collection|rtstream|capture|metrics|v1)/.test(path))
    .map(({ method, path }) => `${method} ${path.replace('/thumbs/:name{[0-9]+\\.jpg}', '/thumbs/:scene.jpg')}`)
    .map((route) => route.replace(/:(\w+)/g, '{$1}'));
  const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`? ]+)/gm)].map((match) => match[1]);
  expect([...new Set(documented)].sort()).toEqual([...new Set(served)].sort());
});
