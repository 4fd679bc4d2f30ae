import { stringify } from 'yaml';
import { redactCredentials } from '#runtime';
import { asLists, asWritten, isGroup, leaves, merge, pathText, type Written } from './layers.ts';
import type { ConfigSource } from './load.ts';
import type { Config } from './schema.ts';
import { partOf, type Shape, shapeOfConfig } from './shape.ts';

/** What stands for a secret. */
const SET = '(set)';
const REFERENCE = /^\$\{[^}]*\}$/;

/**
 * What may be shown: secrets are "(set)", of addresses that may hold one only scheme and host stay, and a reference
 * stands for itself, as it says no more than where the secret is.
 */
function shown(value: unknown, shape: Shape | undefined = shapeOfConfig()): unknown {
  if (typeof value === 'string') return shape?.writeOnly ? veiled(value) : redactCredentials(value);
  if (Array.isArray(value)) return value.map((item) => shown(item, partOf(shape, 0)));
  if (!isGroup(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shown(member, partOf(shape, key))]));
}

function veiled(text: string): string {
  if (REFERENCE.test(text)) return text;
  if (!URL.canParse(text)) return SET;
  const { protocol, host } = new URL(text);
  const bare = `${protocol}//${host}`;
  return text === bare || text === `${bare}/` ? text : `${bare}/${SET}`;
}

/**
 * The way back: where `wanted` says what is shown of `now`, what is there now is meant. What can't be told stays as it
 * was shown; see `veiledAt`.
 */
export function revealed(wanted: unknown, now: unknown, shape: Shape | undefined = shapeOfConfig()): unknown {
  if (typeof wanted === 'string') return wanted === shown(now, shape) ? now : wanted;
  if (Array.isArray(wanted))
    return wanted.map((item) => revealed(item, counterpart(item, now, shape), partOf(shape, 0)));
  if (!isGroup(wanted)) return wanted;
  const known: Written = isGroup(now) ? now : {};
  return Object.fromEntries(
    Object.entries(wanted).map(([key, member]) => [key, revealed(member, known[key], partOf(shape, key))]),
  );
}

/** Where something stands as it is shown that isn't known. */
export function veiledAt(value: unknown, shape: Shape | undefined = shapeOfConfig(), path: string[] = []): string[][] {
  if (typeof value === 'string') return isVeiled(value, shape) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => veiledAt(member, partOf(shape, key), [...path, key]));
}

function isVeiled(text: string, shape: Shape | undefined): boolean {
  return (shape?.writeOnly === true && text.endsWith(SET)) || text.includes('://***@');
}

/** Of a list without names: the one that is shown just so, else the only one with that label. */
function counterpart(item: unknown, now: unknown, shape: Shape | undefined): unknown {
  if (!Array.isArray(now)) return undefined;
  const same = now.find((known) => JSON.stringify(shown(known, partOf(shape, 0))) === JSON.stringify(item));
  if (same !== undefined || !isGroup(item)) return same;
  const alike = now.filter((known) => isGroup(known) && known['label'] === item['label']);
  return alike.length === 1 ? alike[0] : undefined;
}

/** Who said something: the file, a change over HTTP, the environment, the command line. What nobody said is a default. */
export type ConfigOrigin = 'file' | 'api' | 'environment' | 'command line';

export interface ShownConfig {
  /** All that is in force. */
  config: Record<string, unknown>;
  /** What isn't as by default, and who said it. */
  set: { path: string; by: ConfigOrigin }[];
  /** What is written, in one text, as it could stand in a file. */
  yaml: string;
}

/** The configuration in force without its secrets. */
export function shownConfig(
  inForce: Config,
  { file, layer }: { file: unknown; layer: unknown },
  { env, overrides = {} }: Pick<ConfigSource, 'env' | 'overrides'>,
): ShownConfig {
  const written = merge(file, layer);
  const wins = new Map<string, ConfigOrigin>([
    ...(env['LOG_LEVEL'] ? [['logLevel', 'environment'] as const] : []),
    ...(['dataDir', 'listen'] as const).flatMap((key) =>
      overrides[key] === undefined ? [] : [[key, 'command line'] as const],
    ),
  ]);
  const without = Object.fromEntries(Object.entries(written as Written).filter(([key]) => !wins.has(key)));
  const said = [...leaves(without), ...leaves(layer).filter(([, value]) => value === null)].flatMap(([path]) =>
    path.length === 0 ? [] : [{ path: pathText(path), by: saysOf(layer, path) ? ('api' as const) : ('file' as const) }],
  );
  return {
    // A configuration is a group.
    config: asLists(shown(merge(asWritten(inForce), without))) as Record<string, unknown>,
    set: [...said, ...[...wins].map(([path, by]) => ({ path, by }))],
    yaml: stringify(asLists(shown(written))),
  };
}

/** Whether a change says something of what stands at the path. */
function saysOf(layer: unknown, path: readonly string[]): boolean {
  let here = layer;
  for (const key of path) {
    if (!isGroup(here)) return here !== undefined;
    here = here[key];
  }
  return here !== undefined;
}
