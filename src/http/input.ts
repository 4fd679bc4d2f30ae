import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { CLOCK_TIME, WEEKDAYS } from '#domain';
import { Fault, isFault } from '#runtime';
import type { HttpContext } from './deps.ts';

const MIB = 1024 * 1024;
const MOST_ISSUES = 10;

/**
 * The JSON body, checked. An empty body is an empty object, null is the same as missing, unknown keys are dropped.
 * Throws `invalid` naming the field and the remedy, `too_large` beyond `limit` bytes.
 */
export async function readBody<S extends z.ZodType>(c: HttpContext, schema: S, limit = MIB): Promise<z.output<S>> {
  const text = await readText(c.req.raw, limit);
  return check(schema, schema.type === 'array' ? parse(text) : withoutNulls(parseObject(text)));
}

/** The query string, checked; an empty value is the same as missing. `aliases` are other names of the same keys. */
export function readQuery<S extends z.ZodType>(
  c: HttpContext,
  schema: S,
  aliases: Readonly<Record<string, string>> = {},
): z.output<S> {
  const given = Object.entries(c.req.query()).filter(([, value]) => value !== '');
  return check(schema, Object.fromEntries(given.map(([key, value]) => [aliases[key] ?? key, value])));
}

async function readText(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
  if (!request.body) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of plainBody(request, request.body)) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw tooLarge(limit);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Unpacked, so that what counts is its length then: a small one may not become a large one. */
async function* plainBody({ headers }: Request, body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (headers.get('content-encoding') !== 'gzip') return yield* chunks(body);
  try {
    // Whoever reads is told what went wrong.
    yield* pipeline(Readable.from(chunks(body)), createGunzip(), () => undefined);
  } catch (error) {
    throw isFault(error) ? error : new Fault('invalid', 'the body is not gzip, or broke off', { cause: error });
  }
}

/** Leaving the loop early tells the sender's stream to stop. Throws `invalid` when it breaks off. */
export async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let ended = false;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    ended = true;
  } catch (error) {
    ended = true;
    throw new Fault('invalid', 'the body broke off before its end', { cause: error });
  } finally {
    if (!ended) await reader.cancel();
  }
}

function tooLarge(limit: number): Fault {
  return new Fault('too_large', `the body is larger than ${Math.floor(limit / MIB)} MiB, the most this route takes`);
}

function parseObject(text: string): Record<string, unknown> {
  const value = text.trim() === '' ? {} : parse(text);
  if (!isObject(value)) throw new Fault('invalid', 'the body must be a JSON object such as {"name": "…"}');
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('invalid', 'the body is not JSON: send an object such as {"name": "…"}');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/** Throws `invalid` naming the wrong fields (the first ten of them) and their remedies; `at` is where the value stands. */
export function check<S extends z.ZodType>(schema: S, value: unknown, at: readonly PropertyKey[] = []): z.output<S> {
  const result = schema.safeParse(value, { error: plainly });
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => describe([...at, ...path], message));
  throw new Fault('invalid', issues.join('; '));
}

const NAMES: Readonly<Record<string, string>> = {
  object: 'an object',
  record: 'an object',
  array: 'a list',
  tuple: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** Words for what a schema has none for. */
function plainly({ code, input, expected }: z.core.$ZodRawIssue): string | undefined {
  if (code === 'invalid_union') return 'is in none of the forms that are taken here; /v1/docs shows them';
  if (code !== 'invalid_type') return undefined;
  return `${input === undefined ? 'is missing: it ' : ''}must be ${NAMES[String(expected)] ?? 'of another type'}`;
}

function describe(keys: readonly PropertyKey[], message: string): string {
  const path = keys.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    '',
  );
  return path ? `${path}: ${message}` : message;
}

/** Text without control characters. `example` is shown when it is missing, and in the API's description. */
export function text(max: number, example: string) {
  return z
    .string({ error: `must be text, e.g. "${example}"` })
    .trim()
    .min(1, `must not be empty; give text, e.g. "${example}"`)
    .max(max, `must not be longer than ${max} characters`)
    .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters')
    .meta({ examples: [example] });
}

/** Long text that may have line breaks. */
export function prompt(example: string) {
  return z
    .string({ error: `must be text, e.g. "${example}"` })
    .trim()
    .min(1, `must not be empty; say what to look for, e.g. "${example}"`)
    .max(10_000, 'must not be longer than 10000 characters')
    .meta({ examples: [example] });
}

/** A number, or a string that is one: the clients send both. */
export function number(min: number, max: number, hint = `must be a number from ${min} to ${max}`) {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.number({ error: hint }).min(min, hint).max(max, hint),
  );
}

export function whole(min: number, max: number) {
  const hint = `must be a whole number from ${min} to ${max}`;
  return number(min, max, hint).pipe(z.int(hint)).meta({ type: 'integer' });
}

/** Unix seconds on the wire, milliseconds inside. */
export const time = number(
  0,
  99_999_999_999,
  'must be Unix seconds such as 1711000000.5 (not milliseconds, not a date)',
)
  .transform((seconds) => Math.round(seconds * 1000))
  .describe('Unix seconds');

export const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean('must be true or false'),
);

/** Where an outcome is sent to; empty for nowhere. */
export const callbackAddress = z
  .string('must be an http:// or https:// address, or "" for none')
  .max(2048, 'must not be longer than 2048 characters')
  .refine((url) => url === '' || isWebAddress(url), 'must be an http:// or https:// address, or "" for none')
  .default('')
  .describe('Where the outcome is POSTed to; empty for nowhere');

/** Where something is sent to at once. */
export const webAddress = z
  .string('must be an http:// or https:// address')
  .max(2048, 'must not be longer than 2048 characters')
  .refine(isWebAddress, 'must be an http:// or https:// address')
  .meta({ examples: ['http://192.168.1.5/hook'] });

/** Of a WebSocket, as GET /collection/{id}/websocket gave it out. */
export const connectionId = text(200, 'conn-1').describe('Its live events go to this WebSocket connection');

export function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !/\s/.test(url);
}

/** A small object that is only kept and given back. */
export const opaque = z
  .record(z.string(), z.unknown(), 'must be an object')
  .refine(isSmall, 'must be an object of at most 16 KiB');

function isSmall(value: unknown): boolean {
  try {
    return JSON.stringify(value).length <= 16_384;
  } catch {
    return false; // Nested too deep to be written.
  }
}

/** Members that are null count as missing. */
export function nullsAreMissing<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => (isObject(value) ? withoutNulls(value) : value), schema);
}

/** An object with the keys as the API spells them: some clients send their own. */
export function inSnakeCase(value: unknown): unknown {
  if (!isObject(value)) return value;
  const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [snake(key), member]));
}

const clockTime = z
  .string('must be a time of day such as "22:00"')
  .regex(CLOCK_TIME, 'must be a time of day such as "22:00"')
  .meta({ examples: ['22:00'] });

const stretch = z.object({
  days: z
    .array(z.enum(WEEKDAYS, `must be of ${WEEKDAYS.join(', ')}`), 'must be a list of days such as ["mon", "tue"]')
    .min(1, 'must name a day; leave it out for every day')
    .optional()
    .describe('On which it begins; every day when left out'),
  from: clockTime,
  to: clockTime.describe('Before "from": of the next day; the same as "from": a whole day later'),
});

/** Times of each week, by the clock of the box. */
export const weekly = z.array(stretch, 'must be a list of {"days", "from", "to"}').max(50, 'must not be more than 50');
