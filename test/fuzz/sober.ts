import type { Box } from '../http/box.ts';
import type { FuzzAnswer } from './client.ts';

/** What no answer may hold. */
export type Leak = readonly [what: string, pattern: RegExp];

const LONGEST_MESSAGE = 2000;

export function leaksOf({ store, dir }: Box): Leak[] {
  const spellings = (['hex', 'base64', 'base64url'] as const).map((form) => literal(store.signingKey.toString(form)));
  return [
    ['a stack trace', /(?:\n|\\n)\s+at |:\d+:\d+\)/],
    ['a path of the program', /node_modules|\.ts:\d|better-sqlite3|dist\/main/],
    ["a path of the box's", new RegExp(literal(dir))],
    ["the database's words", /SqliteError|SQLITE_|no such column|fts5:/],
    ["the schemas' words", /ZodError|Invalid input|invalid_type|expected \w+, received/],
    ['the API key', /sk-right/],
    ["a camera's password", /canary/],
    ['the signing key', new RegExp(spellings.join('|'))],
  ];
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** Throws when the answer is one that no request may bring: an inner error, a redirect, a failure without its reason, a leak. */
export function demandSober(
  { method, url }: { method: string; url: string },
  { status, reason, type, text }: FuzzAnswer,
  leaks: readonly Leak[],
): void {
  const told = `${method} ${url.slice(0, 200)} → ${status} ${text.slice(0, 500)}`;
  if (status >= 500 || status < 200 || (status >= 300 && status < 400)) throw new Error(`status: ${told}`);
  if (status !== 416 && (status >= 400 || type.startsWith('application/json')))
    demandEnvelope(status, type, text, told);
  for (const [what, pattern] of leaks) {
    if (pattern.test(text) || pattern.test(reason)) throw new Error(`${what}: ${told}`);
  }
  if (Object.hasOwn(Object.prototype, 'polluted')) throw new Error(`prototype polluted: ${told}`);
}

function demandEnvelope(status: number, type: string, text: string, told: string): void {
  if (!type.startsWith('application/json')) throw new Error(`type ${type}: ${told}`);
  const { success, message, error_code: code, openapi } = JSON.parse(text) as Record<string, unknown>;
  if (openapi !== undefined) return;
  if (typeof success !== 'boolean' || (status >= 400 && success)) throw new Error(`success: ${told}`);
  if (success) return;
  if (typeof message !== 'string' || message === '') throw new Error(`message: ${told}`);
  if (message.length > LONGEST_MESSAGE) throw new Error(`a message of ${message.length} characters: ${told}`);
  if (status >= 400 && typeof code !== 'string') throw new Error(`error_code: ${told}`);
}
