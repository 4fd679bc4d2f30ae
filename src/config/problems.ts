import type { z } from 'zod';
import { Fault } from '#runtime';
import { keysAt } from './shape.ts';

export type KeyPath = readonly PropertyKey[];

/** Something wrong at one place of the file; the message says what to write instead and holds no value. */
export interface Problem {
  path: KeyPath;
  message: string;
}

/** A configuration that can't be used. */
export class ConfigFault extends Fault {
  /** Where, as people write it (`cameras[0].url`; empty: the whole), and what to write instead. */
  readonly problems: readonly { path: string; message: string }[];

  constructor(problems: ConfigFault['problems'], sourceName: string) {
    const lines = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    const many = `${sourceName} has ${lines.length} problems:\n  ${lines.join('\n  ')}`;
    super('invalid', lines.length === 1 ? `${sourceName}: ${lines[0]}` : many);
    this.problems = problems;
  }
}

/** All problems as one error; a single one stays on one line: `file: cameras[0].url: …`. */
export function faultFrom(problems: readonly Problem[], sourceName: string): ConfigFault {
  return new ConfigFault(
    problems.map(({ path, message }) => ({ path: pathText(path), message })),
    sourceName,
  );
}

function pathText(path: KeyPath): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key)}`)).join('');
}

export function problemsFrom(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: issue.path, message: unknownKey(key, keysAt(issue.path)) }));
    }
    return [{ path: issue.path, message: plain(issue) }];
  });
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message;
  if (issue.message.endsWith('received undefined')) return 'is missing';
  if (issue.message.endsWith('received null')) return 'is empty: give it a value or remove the key';
  return `must be ${WANTED[issue.expected] ?? issue.expected}`;
}

const WANTED: Readonly<Record<string, string>> = {
  object: 'a group of keys',
  array: 'a list (lines that start with -)',
  string: 'text (put it in quotes)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function unknownKey(key: string, known: readonly string[]): string {
  if (known.includes(key)) return `\`${key}\` is no key of this kind: remove it`;
  const nearest = known
    .map((name) => ({ name, steps: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.steps - b.steps)[0];
  if (nearest && nearest.steps <= Math.max(2, nearest.name.length / 3))
    return `unknown key \`${key}\` – did you mean \`${nearest.name}\`?`;
  return `unknown key \`${key}\` – known here: ${known.join(', ')}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, left] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, right] of b.split('').entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
