import type { Shape } from './index-plan.ts';
import { jsonPart, readLoosely } from './loose-json.ts';

/** The JSON that a prompt asks for, and what the prompt says beside it. */
export interface Wanted {
  shape: Shape;
  rest: string;
}

const MOST_KEYS = 40;
const JSON_WORD = /\bjson\b/i;
/** "keys count, colour and summary", "fields: a, b", "JSON with a, b and c". */
const KEYS =
  /\b(?:(?:keys?|fields?|properties|attributes)\b(?:\s+(?:named|called|are))?|json\b(?:\s+(?:object|array|list|format|output|answer|response))*\s*(?::|\b(?:with|containing|including|having|of)\b))\s*:?\s*(?:the\s+)?(?:(?:keys?|fields?|properties)\b\s*:?\s*)?([^.;\n{}[\]]+)/i;
/** What only says that JSON is wanted. */
const REQUEST =
  /[,.;]?\s*(?:and\s+)?\b(?:(?:please\s+)?(?:return|reply|respond|answer|output|give|write|provide|produce|format)\b(?:\s+(?:me|it|this|that|the|a|an|your|only|answer|output|response|result|results|everything|valid|strict|raw|pure|in|as|with))*\s+)?(?:(?:as|in|with)\s+)?(?:(?:a|an|only|valid|strict|raw|pure|the|one)\s+)*\bjson\b(?:\s+(?:object|array|list|format|only|output|please))*(?:\s+(?:with|of|containing|like|as follows|in this form))*\s*:?/gi;
const PER_ITEM = /\bjson\s+(?:array|list)\b|\b(?:array|list)\s+(?:of\s+)?(?:json|objects)\b|\bas\s+a\s+json\s+array\b/i;

/** The shape of the JSON that a prompt asks for: by an example, by names of keys, or just as JSON. Undefined when for none. */
export function shapeIn(prompt: string): Wanted | undefined {
  const part = jsonPart(prompt);
  const example = part && readLoosely(prompt);
  if (part && example && isTelling(example.value, prompt)) {
    const rest = `${prompt.slice(0, part.start)} ${prompt.slice(part.end)}`;
    return { shape: shapeOf('', example.value), rest: withoutRequest(rest) };
  }
  const keys = keysIn(prompt);
  if (keys && (JSON_WORD.test(prompt) || keys.names.length > 1) && keys.names.length > 0) {
    const fields = Object.fromEntries(keys.names.map((name) => [name, byName(name)]));
    const object: Shape = { type: 'object', fields };
    return { shape: PER_ITEM.test(prompt) ? { type: 'list', of: object } : object, rest: withoutRequest(keys.rest) };
  }
  if (!JSON_WORD.test(prompt)) return undefined;
  return { shape: plainShape(prompt), rest: withoutRequest(prompt) };
}

/** A picture of JSON, not just a remark in brackets. */
function isTelling(example: unknown, prompt: string): boolean {
  if (Array.isArray(example)) return JSON_WORD.test(prompt) || example.some((item) => typeof item === 'object');
  return typeof example === 'object' && example !== null && Object.keys(example).length > 0;
}

function withoutRequest(text: string): string {
  return text
    .replace(REQUEST, ' ')
    .replace(/\b(?:return|reply|respond|answer)\b(?:\s+(?:only|with|as|in|it))*\s*:?\s*(?=[.,;]|$)/gi, ' ')
    .replace(/```\w*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function keysIn(prompt: string): { names: string[]; rest: string } | undefined {
  const match = KEYS.exec(prompt);
  const listed = match?.[1];
  if (match === null || listed === undefined) return undefined;
  const names = listed
    .split(/,|\band\b|&/i)
    .map((name) => name.replace(/\([^)]*\)|["'`]/g, '').trim())
    .map((name) => name.replace(/^(?:the|a|an)\s+/i, '').replace(/\s+/g, '_'))
    .filter((name) => /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(name))
    .filter((name) => name.split('_').length <= 4);
  const rest = `${prompt.slice(0, match.index)} ${prompt.slice(match.index + match[0].length)}`;
  return { names: [...new Set(names)].slice(0, MOST_KEYS), rest: `${rest} ${/json/i.test(match[0]) ? ' json' : ''}` };
}

/** "as JSON": what is asked for decides. */
function plainShape(prompt: string): Shape {
  if (PER_ITEM.test(prompt)) return { type: 'list', of: { type: 'text', hint: aboutWhat(prompt) } };
  const number = /\b(?:number|count|amount)\s+of\s+((?:\p{L}+\s*){1,3})|\bhow\s+many\s+((?:\p{L}+\s*){1,3})/iu.exec(
    prompt,
  );
  if (number)
    return { type: 'object', fields: { count: { type: 'number', hint: `number of ${number[1] ?? number[2] ?? ''}` } } };
  return {
    type: 'object',
    fields: {
      summary: { type: 'text', hint: 'summary' },
      count: { type: 'number', hint: 'count' },
      objects: { type: 'list', of: { type: 'text', hint: 'objects' } },
    },
  };
}

function aboutWhat(prompt: string): string {
  return /\b(?:list|array)\s+of\s+(?:all\s+|the\s+)*((?:\p{L}+\s*){1,3})/iu.exec(prompt)?.[1]?.trim() ?? 'objects';
}

function shapeOf(name: string, example: unknown): Shape {
  if (Array.isArray(example)) {
    const first: unknown = example[0];
    const of: Shape = first === undefined ? { type: 'any', hint: hintOf(name, '') } : shapeOf(name, first);
    // ["list of colours"] is one list.
    return of.type === 'list' && typeof first === 'string' ? of : { type: 'list', of };
  }
  if (typeof example === 'object' && example !== null)
    return { type: 'object', fields: fieldsOf(Object.entries(example).slice(0, MOST_KEYS)) };
  if (typeof example === 'number') return { type: 'number', hint: hintOf(name, '') };
  if (typeof example === 'boolean') return { type: 'flag', hint: hintOf(name, '') };
  return typeof example === 'string' ? described(name, example) : { type: 'any', hint: hintOf(name, '') };
}

function fieldsOf(entries: readonly (readonly [string, unknown])[]): Record<string, Shape> {
  return Object.fromEntries(entries.map(([key, value]) => [key, shapeOf(key, value)]));
}

/** "true/false", "number of people", "<int>", "list of colours", "name of the app". */
function described(name: string, text: string): Shape {
  const hint = hintOf(name, text);
  if (/^\W*(?:true|false|bool(?:ean)?|yes|no)\b(?:\W+(?:true|false|yes|no|or|if\b.*))*\W*$/i.test(text))
    return { type: 'flag', hint };
  if (/\b(?:true or false|true\/false|boolean|yes or no|yes\/no)\b/i.test(text)) return { type: 'flag', hint };
  if (/^\W*(?:an?\s+)?(?:int(?:eger)?|number|float|count|total)\b|\bhow many\b|^\d+(?:\.\d+)?$/i.test(text))
    return { type: 'number', hint };
  if (/^\W*(?:an?\s+)?(?:list|array)\b/i.test(text)) return { type: 'list', of: { type: 'text', hint } };
  return { type: 'text', hint };
}

function hintOf(name: string, text: string): string {
  return [wordsOfKey(name), text.trim()].filter((part) => part !== '').join(': ');
}

/** "appName", "app_name" → "app name". */
export function wordsOfKey(key: string): string {
  return key
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase()
    .trim();
}

const A_NUMBER = /\b(?:count|counts|number|total|amount|how many|brightness|confidence|score|percentage|num|nr)\b/;
const A_FLAG =
  /^(?:is|are|has|have|was|were|contains?|does|any|there)\b|\b(?:present|visible|detected|open|closed|empty)$/;
const A_LIST =
  /\b(?:list|objects|labels|colou?rs|texts|people|persons|vehicles|animals|items|things|elements|tags|keywords|faces|plates)$/;

function byName(key: string): Shape {
  const hint = wordsOfKey(key);
  if (A_NUMBER.test(hint)) return { type: 'number', hint };
  if (A_FLAG.test(hint)) return { type: 'flag', hint };
  return A_LIST.test(hint) ? { type: 'list', of: { type: 'text', hint } } : { type: 'text', hint };
}

/** The shape as a model is shown it. */
export function written(shape: Shape): string {
  if (shape.type === 'object')
    return `{${Object.entries(shape.fields)
      .map(([key, field]) => `${JSON.stringify(key)}: ${written(field)}`)
      .join(', ')}}`;
  if (shape.type === 'list') return `[${written(shape.of)}]`;
  const names = { text: 'string', number: 'number', flag: 'true or false', any: 'value' };
  return names[shape.type];
}
