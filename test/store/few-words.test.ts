import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { SCENE_TEXT } from '../../src/store/search/search.ts';
import { queryTerms } from '../../src/store/search/terms.ts';
import { WordSearch } from '../../src/store/search/word-search.ts';
import { LONG_SLICE, SHORT_SLICE } from '../../src/store/slices.ts';
import { aCamera, aScene, axis, openStore } from './fixture.ts';

const TEXTS = {
  words: 'scene_words',
  rows: 'scenes',
  columns: 'r.id',
  text: SCENE_TEXT,
  where: 'true',
};

it('a few texts far apart have the words that looking the words up says they have', async () => {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  const told = [
    'A person walks.',
    'Persons are walking a dog',
    'A red car',
    'Café, open',
    'nothing',
    'A car; a person.',
  ];
  const ids = told.map((text, n) => {
    skipIds(at.dir, n * 10_000);
    return at.store.scenes.add(aScene(index, { text }), axis(0), 'm').id;
  });
  const { facts: _, ...heard } = aScene(index, { text: 'Two people talk.' });
  skipIds(at.dir, 100_000);
  const said = { text: 'Open the gate', summary: 'extractive' } as const;
  ids.push(at.store.scenes.add({ ...heard, said }, axis(0), 'm').id);
  const sql = new Database(join(at.dir, 'watchpost.db'), { readonly: true });
  const [few, all] = [new WordSearch(sql, TEXTS, LONG_SLICE), new WordSearch(sql, TEXTS, SHORT_SLICE)];
  for (const query of [
    'person walking',
    'red car',
    'cafe',
    'open gate',
    'dog near a car',
    'elephant',
    '"quoted" words',
  ]) {
    const terms = queryTerms(query);
    expect(await few.coverage(terms, ids), query).toEqual(await all.coverage(terms, ids));
    expect(await few.coverage(terms, ids.slice(2, 4)), query).toEqual(await all.coverage(terms, ids.slice(2, 4)));
  }
  expect((await few.coverage(queryTerms('gate'), ids)).get(ids.at(-1) ?? 0)).toBe(1);
  sql.close();
});

function skipIds(dir: string, next: number): void {
  const db = new Database(join(dir, 'watchpost.db'));
  db.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'scenes'").run(next);
  db.close();
}
