import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '#runtime';
import type { KeyPath, Problem } from './problems.ts';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const REFERENCE = /\$\{(file:[^}]*|[^}]*)\}/g;

/**
 * Replaces `${NAME}` (environment) and `${file:/path}` (first line of a file that only its owner can read) in every
 * string below `value`. What was put in is not looked through again. Missing ones are added to `problems`.
 */
export function resolveReferences(
  value: unknown,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
  path: KeyPath = [],
): unknown {
  if (typeof value === 'string') {
    return value.replace(REFERENCE, (_, reference: string) => {
      const found = reference.startsWith('file:') ? fromFile(reference.slice(5)) : fromEnvironment(reference, env);
      if ('text' in found) return found.text;
      problems.push({ path, message: found.problem });
      return '';
    });
  }
  if (Array.isArray(value)) return value.map((item, at) => resolveReferences(item, env, problems, [...path, at]));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveReferences(item, env, problems, [...path, key])]),
  );
}

/** The environment variables that a configuration refers to, as it is written. */
export function variablesIn(written: unknown): string[] {
  const references = [...JSON.stringify(written).matchAll(REFERENCE)].map(([, reference = '']) => reference);
  return references.filter((reference) => VARIABLE.test(reference));
}

type Found = { text: string } | { problem: string };

function fromEnvironment(name: string, env: NodeJS.ProcessEnv): Found {
  if (!VARIABLE.test(name)) return { problem: `has \${…} with neither a variable name nor file:/path` };
  const text = env[name];
  if (text === undefined || text === '') return { problem: `environment variable ${name} is not set` };
  return { text };
}

function fromFile(file: string): Found {
  if (!file.startsWith('/')) return { problem: `\${file:${file}} must name an absolute path` };
  try {
    if ((statSync(file).mode & 0o077) !== 0) return { problem: `${file} can be read by others: run chmod 600 ${file}` };
    const text = readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? '';
    return text === '' ? { problem: `${file} is empty` } : { text };
  } catch (error) {
    return { problem: `can't read ${file}: ${messageOf(error)}` };
  }
}
