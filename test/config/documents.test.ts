import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema, configKeys, configMarkdown, parseConfig } from '#config';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const example = read('config/watchpost.example.yaml');
const everythingOn = example.replaceAll(/^(\s*)#(?=(?:- )?[a-zA-Z]+:)/gm, '$1');
const env = {
  YARD_PASSWORD: 'x',
  MQTT_PASSWORD: 'y',
  TEXT_KEY: 'z',
  VISION_KEY: 'v',
  HUB_TOKEN: 'h',
  VIDEODB_KEY: 'k',
  S3_SECRET: 's',
};

/** Dotted paths of all keys of a document, lists as `[]`. */
function keysOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const isList = Array.isArray(child) && typeof child[0] === 'object' && !Array.isArray(child[0]);
    const path = prefix + key + (isList ? '[]' : '');
    return [path, ...(isList ? child.flatMap((item) => keysOf(item, `${path}.`)) : keysOf(child, `${path}.`))];
  });
}

it('the example is valid as it stands and with every setting on', () => {
  expect(parseConfig(example, env, 'example').cameras).toHaveLength(1);
  expect(parseConfig(everythingOn, env, 'example').mqtt).toBeDefined();
});

it('the example shows every key', () => {
  const shown = new Set(keysOf(parse(everythingOn)));
  expect(configKeys().filter((key) => !shown.has(key))).toEqual([]);
});

it('every key has a description', () => {
  expect(configMarkdown()).not.toMatch(/\| +\|$/m);
});

it('the generated files are fresh (npm run generate)', () => {
  expect(read('docs/config.md')).toBe(configMarkdown());
  expect(JSON.parse(read('config/watchpost.schema.json'))).toEqual(configJsonSchema());
});

it('whatever sounds like a secret is never shown', () => {
  const open: string[] = [];
  const look = (part: unknown, key: string): void => {
    if (typeof part !== 'object' || part === null) return;
    const isText = 'type' in part && part.type === 'string';
    if (isText && /password|secret|token|apiKey|callback/i.test(key) && !('writeOnly' in part)) open.push(key);
    for (const [name, member] of Object.entries(part)) look(member, name);
  };
  look(configJsonSchema(), '');
  expect(open).toEqual([]);
});
