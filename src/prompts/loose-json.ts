const OPENING = /[{[]/;
const CLOSES = new Set(['}', ']']);
const DEEPEST = 20;

/** Where the first object or list of the text stands; to the end of the text when it isn't closed. */
export function jsonPart(text: string): { start: number; end: number } | undefined {
  const start = text.search(OPENING);
  if (start < 0) return undefined;
  let depth = 0;
  let quote = '';
  for (let i = start; i < text.length; i += 1) {
    const sign = text[i] ?? '';
    if (quote !== '') {
      if (sign === '\\') i += 1;
      else if (sign === quote && closesText(text, i)) quote = '';
    } else if (opensText(text, i)) quote = sign;
    else if (OPENING.test(sign)) depth += 1;
    else if (CLOSES.has(sign)) depth -= 1;
    if (quote === '' && depth === 0) return { start, end: i + 1 };
  }
  return { start, end: text.length };
}

/** An apostrophe within a word opens no text. */
function opensText(text: string, at: number): boolean {
  const sign = text[at];
  return sign === '"' || (sign === "'" && !/\p{L}/u.test(text[at - 1] ?? ''));
}

/** A quotation mark that isn't followed by what may follow a text is part of it: models forget to escape them. */
function closesText(text: string, at: number): boolean {
  return /^\s*(?:[,:}\]|]|$)/.test(text.slice(at + 1, at + 40)) || !/^[^\n]*["']/.test(text.slice(at + 1));
}

/**
 * JSON as people and models write it: single quotes or none, commas too many, comments, `True` and `None`, an end that
 * was cut off. What can't be a value is a text. Undefined when there is neither an object nor a list in the text.
 */
export function readLoosely(text: string): { value: unknown } | undefined {
  const part = jsonPart(text);
  if (!part) return undefined;
  const exact = text.slice(part.start, part.end);
  try {
    const value: unknown = JSON.parse(exact);
    return { value };
  } catch {
    return { value: new Reader(exact).value(0) };
  }
}

/** Never fails: it goes forward by at least one sign, or ends. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    this.#skip();
    const sign = this.#text[this.#at];
    if (depth > DEEPEST) {
      this.#at = this.#text.length;
      return null;
    }
    if (sign === '{') return this.#object(depth);
    if (sign === '[') return this.#list(depth);
    if (sign === '"' || sign === "'") return this.#quoted(sign);
    return meant(this.#bare(/[,}\]\n]/));
  }

  #object(depth: number): Record<string, unknown> {
    const fields: [string, unknown][] = [];
    this.#at += 1;
    while (!this.#ends('}')) {
      const sign = this.#text[this.#at];
      const key = sign === '"' || sign === "'" ? this.#quoted(sign) : this.#bare(/[:,}\n]/);
      this.#skip();
      const named = this.#text[this.#at] === ':';
      if (named) this.#at += 1;
      if (key !== '') fields.push([key, named ? this.value(depth + 1) : null]);
      this.#pass();
    }
    return Object.fromEntries(fields);
  }

  #list(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#at += 1;
    while (!this.#ends(']')) {
      const before = this.#at;
      items.push(this.value(depth + 1));
      this.#pass();
      if (this.#at === before) this.#at += 1;
    }
    return items;
  }

  #quoted(quote: string): string {
    const start = this.#at + 1;
    let end = start;
    while (end < this.#text.length && !(this.#text[end] === quote && closesText(this.#text, end)))
      end += this.#text[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    return unescaped(this.#text.slice(start, end));
  }

  #bare(until: RegExp): string {
    const length = this.#text.slice(this.#at).search(until);
    const end = length < 0 ? this.#text.length : this.#at + length;
    const word = this.#text.slice(this.#at, end).trim();
    this.#at = Math.max(end, this.#at);
    return word;
  }

  /** Whether the object or list is over: by its sign, by another one's or by the end of the text. */
  #ends(sign: string): boolean {
    this.#skip(',');
    const next = this.#text[this.#at];
    if (next === sign) this.#at += 1;
    return next === undefined || CLOSES.has(next);
  }

  /** To the next value; what stands beside one ("a" | "b") is passed over. */
  #pass(): void {
    this.#skip();
    if (/[^,"'{[}\]]/.test(this.#text[this.#at] ?? ',')) this.#bare(/[,}\]\n]/);
    this.#skip(',');
  }

  /** Spaces, comments, and the sign. */
  #skip(sign = ''): void {
    for (;;) {
      const rest = this.#text.slice(this.#at);
      const length = /^(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest)?.[0].length ?? 0;
      const extra = length === 0 && sign !== '' && rest.startsWith(sign) ? 1 : length;
      if (extra === 0) return;
      this.#at += extra;
    }
  }
}

function meant(word: string): unknown {
  if (/^true$/i.test(word)) return true;
  if (/^false$/i.test(word)) return false;
  if (/^(?:null|none|undefined)?$/i.test(word)) return null;
  return /^[+-]?\d+(?:\.\d+)?$/.test(word) ? Number(word) : word;
}

function unescaped(text: string): string {
  try {
    const value: unknown = JSON.parse(
      `"${text
        .replace(/(?<!\\)"/g, '\\"')
        .replace(/\n/g, '\\n')
        .replaceAll("\\'", "'")}"`,
    );
    return String(value);
  } catch {
    return text;
  }
}
