import type { Answer, SceneFacts } from '#domain';
import type { Shape } from './index-plan.ts';
import { Known } from './known.ts';
import { readLoosely } from './loose-json.ts';
import { wordsOfKey } from './shape.ts';

const MOST_ITEMS = 200;
const LONGEST_QUOTE = 80;

/**
 * The JSON that a prompt asks for, as far as what was measured tells: a value that nobody on this box knows is null,
 * and `reason` names it.
 */
export function answerFrom(shape: Shape, facts: SceneFacts, text: string): Answer {
  const unknown: string[] = [];
  const json = filled(shape, '', new Known(facts, text), unknown);
  return { json, ...because(unknown, 'not known on this box'), by: 'facts' };
}

/**
 * The JSON in what a model said, repaired once if need be, in the wanted shape: keys that weren't asked for are left
 * out, values of another type are converted or null. All is null, with the reason, when there is no such JSON.
 */
export function readAnswer(text: string, shape: Shape, by: string): Answer {
  const read = readLoosely(text);
  if (!read) return { json: null, reason: `the model gave no JSON: ${quoted(text)}`, by };
  const missing: string[] = [];
  const value = wrapped(read.value, shape);
  const json = checked(value, shape, '', missing);
  if (isNothing(json))
    return { json: null, reason: `the model gave other JSON than was asked for: ${quoted(text)}`, by };
  return { json, ...because(missing, 'the model did not say'), by };
}

function because(missing: readonly string[], why: string): { reason?: string } {
  const names = [...new Set(missing)].map((path) => (path === '' ? 'the answer' : path));
  return names.length === 0 ? {} : { reason: `${why}: ${names.join(', ')}` };
}

function filled(shape: Shape, path: string, known: Known, unknown: string[]): unknown {
  if (shape.type === 'object')
    return Object.fromEntries(
      Object.entries(shape.fields).map(([key, field]) => {
        const own = field.type === 'object' || field.type === 'list' ? undefined : known.own(wordsOfKey(key));
        return [key, own ?? filled(field, join(path, key), known, unknown)];
      }),
    );
  const value = shape.type === 'list' ? listed(shape.of, path, known, unknown) : leafOf(shape, known);
  if (value === undefined) unknown.push(path);
  return value ?? null;
}

function listed(of: Shape, path: string, known: Known, unknown: string[]): unknown[] | undefined {
  if (of.type === 'object')
    return known.each(wordsOfKey(path.split('.').at(-1) ?? ''))?.map((one) => filled(of, `${path}[]`, one, unknown));
  return of.type === 'list' ? undefined : known.list(of.hint.toLowerCase());
}

function leafOf({ type, hint }: Exclude<Shape, { type: 'object' | 'list' }>, known: Known): unknown {
  const lower = hint.toLowerCase();
  if (type === 'number') return known.number(lower);
  if (type === 'flag') return known.flag(lower);
  return type === 'text' ? known.text(lower) : (known.text(lower) ?? known.number(lower) ?? known.list(lower));
}

/** Models put a list around one answer, or none around the only item. */
function wrapped(value: unknown, shape: Shape): unknown {
  if (shape.type === 'object' && Array.isArray(value) && value.length === 1) return value[0];
  if (shape.type !== 'list' || Array.isArray(value) || !isRecord(value)) return value;
  const inner = Object.values(value);
  return inner.length === 1 && Array.isArray(inner[0]) ? inner[0] : [value];
}

function checked(value: unknown, shape: Shape, path: string, missing: string[]): unknown {
  const right = ofShape(value, shape, path, missing);
  if (right === undefined) missing.push(path);
  return right ?? null;
}

function ofShape(value: unknown, shape: Shape, path: string, missing: string[]): unknown {
  switch (shape.type) {
    case 'object': {
      if (!isRecord(value)) return undefined;
      const given = new Map(Object.entries(value).map(([key, item]) => [wordsOfKey(key), item]));
      return Object.fromEntries(
        Object.entries(shape.fields).map(([key, field]) => [
          key,
          checked(given.get(wordsOfKey(key)), field, join(path, key), missing),
        ]),
      );
    }
    case 'list': {
      const items = Array.isArray(value) ? value : value === null || value === undefined ? undefined : [value];
      return items?.slice(0, MOST_ITEMS).map((item) => checked(item, shape.of, `${path}[]`, missing));
    }
    case 'number':
      return asNumber(value);
    case 'flag':
      return asFlag(value);
    case 'text':
      return asText(value);
    case 'any':
      return value ?? undefined;
  }
}

function asNumber(value: unknown): number | undefined {
  const number =
    typeof value === 'string' && /^\W*\d/.test(value) ? Number.parseFloat(value.replace(/^[^\d+-]+/, '')) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function asFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  const [, yes, no] = /^\W*(?:(yes|true)|(no|false))\b/i.exec(typeof value === 'string' ? value : '') ?? [];
  return yes ? true : no ? false : undefined;
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))
    return value.join(', ');
  return isRecord(value) ? JSON.stringify(value) : undefined;
}

/** Nulls only; an empty list is an answer. */
function isNothing(json: unknown): boolean {
  if (json === null) return true;
  if (!isRecord(json)) return false;
  return Object.values(json).every(isNothing);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function quoted(text: string): string {
  const short = text.trim().replace(/\s+/g, ' ');
  return short.length > LONGEST_QUOTE ? `"${short.slice(0, LONGEST_QUOTE)}…"` : `"${short}"`;
}
