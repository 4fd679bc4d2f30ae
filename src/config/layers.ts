import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema.ts';
import { isNamedList, partOf, type Shape, shapeOfConfig } from './shape.ts';

/**
 * What is written in a file or asked for over HTTP, before defaults, references and checks. Lists of named things are
 * groups by name here (`cameras: { yard: { url: … } }`), so that a change of one of them is a merge patch like any other.
 */
export type Written = Readonly<Record<string, unknown>>;

/** Lists of named things become groups by name; a list in which a name is missing or used twice stays as it is. */
export function byName(value: unknown, shape: Shape | undefined = shapeOfConfig()): unknown {
  if (isGroup(value)) return mapped(value, (member, key) => byName(member, partOf(shape, key)));
  if (!Array.isArray(value) || !isNamedList(shape) || !haveNames(value)) return value;
  return Object.fromEntries(value.map(({ name, ...rest }) => [name, byName(rest, partOf(shape, name))]));
}

/** The way back. */
export function asLists(value: unknown, shape: Shape | undefined = shapeOfConfig()): unknown {
  if (!isGroup(value)) return value;
  const members = mapped(value, (member, key) => asLists(member, partOf(shape, key)));
  if (!isNamedList(shape)) return members;
  return Object.entries(members).map(([name, member]) => (isGroup(member) ? { name, ...member } : member));
}

/**
 * A merge patch (RFC 7396): groups are merged, null takes a key out, everything else replaces. Where nothing is written
 * yet of a list of named things, its default is what is merged with.
 */
export function merge(base: unknown, patch: unknown, shape: Shape | undefined = shapeOfConfig()): unknown {
  return mergeInto(base, patch, shape, true);
}

function mergeInto(base: unknown, patch: unknown, shape: Shape | undefined, within: boolean): unknown {
  if (!isGroup(patch)) return patch;
  const merged = new Map(Object.entries(startOf(base, shape, within)));
  for (const [key, wish] of Object.entries(patch)) {
    if (wish === null) merged.delete(key);
    else merged.set(key, mergeInto(merged.get(key), wish, partOf(shape, key), isGroup(base)));
  }
  return Object.fromEntries(merged);
}

/** The smallest merge patch that makes `wanted` of `base`; undefined when there is nothing to change. */
export function patchBetween(base: unknown, wanted: unknown, shape: Shape | undefined = shapeOfConfig()): unknown {
  return difference(base, wanted, shape, true);
}

function difference(base: unknown, wanted: unknown, shape: Shape | undefined, within: boolean): unknown {
  if (isDeepStrictEqual(base, wanted)) return undefined;
  if (!isGroup(wanted)) return wanted;
  const start = startOf(base, shape, within);
  const gone = Object.keys(start).filter((key) => wanted[key] === undefined || wanted[key] === null);
  const changed = Object.entries(wanted).flatMap(([key, member]) => {
    const change = member === null ? undefined : difference(start[key], member, partOf(shape, key), isGroup(base));
    return change === undefined ? [] : [[key, change] as const];
  });
  return Object.fromEntries<unknown>([...gone.map((key) => [key, null] as const), ...changed]);
}

/** In a group that isn't there yet, nothing is merged with: all that it is to have stands in the patch. */
function startOf(base: unknown, shape: Shape | undefined, within: boolean): Written {
  if (isGroup(base)) return base;
  const usual = within && base === undefined && isNamedList(shape) ? byName(shape?.default ?? [], shape) : {};
  return isGroup(usual) ? usual : {};
}

/** Every place with a value, by its keys: `['cameras', 'yard', 'url']`. */
export function leaves(
  value: unknown,
  path: readonly string[] = [],
): (readonly [path: readonly string[], value: unknown])[] {
  if (!isGroup(value) || Object.keys(value).length === 0) return [[path, value]];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}

/** As people write it: `cameras[yard].url`. */
export function pathText(path: readonly string[]): string {
  let shape: Shape | undefined = shapeOfConfig();
  let text = '';
  for (const key of path) {
    text += isNamedList(shape) ? `[${key}]` : `${text === '' ? '' : '.'}${key}`;
    shape = partOf(shape, key);
  }
  return text;
}

export function isGroup(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapped(group: Written, change: (member: unknown, key: string) => unknown): Written {
  return Object.fromEntries(Object.entries(group).map(([key, member]) => [key, change(member, key)]));
}

function haveNames(list: readonly unknown[]): list is { name: string }[] {
  const names = list.map((item) => (isGroup(item) ? item['name'] : undefined));
  return list.length > 0 && names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
}

/** A configuration as it could be written. */
export function asWritten({ listen: { host, port }, ...config }: Config): unknown {
  return byName({ ...config, listen: `${host.includes(':') ? `[${host}]` : host}:${port}` });
}

/** Where two configurations differ, as people write it; of what is new only where it begins. */
export function changedPaths(before: Config, after: Config): string[] {
  const then = asWritten(before);
  const patch = patchBetween(then, asWritten(after)) ?? {};
  const paths = leaves(patch).flatMap(([path, value]) => {
    const gone = Array.isArray(value) && value.length === 0 ? at(path, then) : undefined;
    return isGroup(gone) ? Object.keys(gone).map((name) => [...path, name]) : [known(path, then)];
  });
  return [...new Set(paths.filter((path) => path.length > 0).map(pathText))];
}

/** What stands there; undefined when nothing does. */
export function at(path: readonly string[], value: unknown): unknown {
  return path.reduce((here: unknown, key) => (isGroup(here) ? here[key] : undefined), value);
}

/** The path as far as something is there, and one step on. */
function known(path: readonly string[], value: unknown): readonly string[] {
  const steps = path.findIndex((_key, n) => at(path.slice(0, n + 1), value) === undefined);
  return steps < 0 ? path : path.slice(0, steps + 1);
}

/** A path by numbers (`cameras[0].url`) by the names of what is there (`cameras[yard].url`). */
export function pathByName(path: string, lists: unknown): string {
  let here: unknown = lists;
  return path.replaceAll(/\[(\d+)\]|[^.[\]]+/g, (step: string, number: string | undefined) => {
    const item: unknown = (here as Record<string, unknown> | undefined)?.[number ?? step];
    here = item;
    return number !== undefined && isGroup(item) && typeof item['name'] === 'string' ? `[${item['name']}]` : step;
  });
}
