import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The levels of docs/architecture.md: a module may import only from lower ones, and only by name. */
const LEVELS = [
  ['domain', 'runtime'],
  ['config', 'models', 'prompts'],
  ['camera', 'sampling', 'hearing', 'inference', 'ingest', 'store'],
  ['pipeline', 'events', 'delivery', 'playback', 'assets', 'jobs', 'sync', 'fleet', 'capture'],
  ['editor'],
  ['http'],
  ['app'],
  ['cli'],
];
const src = resolve(import.meta.dirname, '../src');
const levelOf = new Map(LEVELS.flatMap((modules, level) => modules.map((name) => [name, level] as const)));

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => join(src, file));

const moduleOf = (file: string) => relative(src, file).split('/')[0] ?? '';

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? '');
}

function violations(file: string): string[] {
  const from = moduleOf(file);
  if (from === 'main.ts') return [];
  return importsOf(file).flatMap((specifier) => {
    const name = `${relative(src, file)} imports ${specifier}`;
    if (specifier.startsWith('.')) {
      return moduleOf(resolve(dirname(file), specifier)) === from ? [] : [`${name}: use the module's name`];
    }
    if (!specifier.startsWith('#')) return [];
    const target = levelOf.get(specifier.slice(1));
    const own = levelOf.get(from);
    if (target === undefined || own === undefined) return [`${name}: not a module (web imports none)`];
    return target < own ? [] : [`${name}: not a lower level`];
  });
}

describe('architecture', () => {
  it('sees every module of src and no unknown one', () => {
    const seen = new Set(files.map(moduleOf));
    expect([...seen].sort()).toEqual([...levelOf.keys(), 'main.ts', 'web'].sort());
  });

  it('imports only from lower levels, by module name', () => {
    expect(files.flatMap(violations)).toEqual([]);
  });

  it('is checked by Biome for the same modules', () => {
    const biome = readFileSync(resolve(src, '../biome.json'), 'utf8');
    for (const name of levelOf.keys()) expect(biome).toContain(`"src/${name}/**"`);
  });

  it('keeps files short and index files empty of logic', () => {
    const tooLong = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 400);
    expect(tooLong).toEqual([]);
    const indexes = files.filter((file) => file.endsWith('/index.ts') && moduleOf(file) !== 'web');
    const withLogic = indexes.filter((file) =>
      /\n(?:export )?(?:async )?(?:function|const|class|let) /.test(readFileSync(file, 'utf8')),
    );
    expect(withLogic).toEqual([]);
  });
});
