import fc, { type Arbitrary } from 'fast-check';

/** What is read of the JSON Schemas of an OpenAPI document. */
export interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  type?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  minItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
}
export type Schemas = Record<string, Schema>;

const DEEPEST = 6;
const RECORDED_S = 1_711_000_000;

/** What members are called in schemas, and what means something there: names as `m-1` stand for what is there. */
const MEANT: readonly (readonly [name: RegExp, values: readonly unknown[]])[] = [
  [/^(start|end|since)$/, [RECORDED_S, RECORDED_S + 5.5, String(RECORDED_S + 12), 0, 1, 2.5]],
  [/^(scene_)?index_id$/, ['idx-1', 'si-1', '']],
  [/^stream$/, ['rts-1']],
  [/^event_id$/, ['event-1']],
  [/^video_id$/, ['m-1']],
  [/^collection_id$/, ['c-1', 'default']],
  [
    /^(query|q|prompt|event_prompt|question)$/,
    ['white car', 'a person enters', 'more than 3 cars for 5 s', 'q', '"', 'nothing'],
  ],
  [/^url$/, ['rtsp://u:p@127.0.0.1:1/s', 'http://127.0.0.1:1/a.mp4', 'rtmp://127.0.0.1:1/k', 'uploaded-1']],
  [/^callback_url$/, ['', 'http://127.0.0.1:1/cb']],
  [
    /^filter$/,
    [[], [{ light: 'dark' }, { label: ['car'] }], [{ a: { b: null } }], [{ __proto__: 1 }], [{ constructor: 'x' }]],
  ],
  [
    /^shots$/,
    [
      [[0, 5]],
      [
        [1, 2],
        [11, 99],
      ],
      [[3, 3]],
      [[5, 1]],
    ],
  ],
  [
    /^timeline$/,
    [
      [[0, 5]],
      [
        [1, 2],
        [11, 99],
      ],
      [],
      [[3, 3]],
    ],
  ],
  [/^ordering$/, ['created_at', '-created_at', 'name']],
  [/^t$/, ['thumb-1', 'picture-1']],
];

/** Values that a schema allows, and among those mostly such as mean something to the box. */
export class Values {
  readonly #schemas: Schemas;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  of(schema: Schema, name: string, depth = 0): Arbitrary<unknown> {
    const meant = MEANT.find(([pattern]) => pattern.test(name))?.[1];
    const allowed = this.#allowedBy(schema, name, depth);
    if (!meant) return allowed;
    return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...meant) }, { weight: 1, arbitrary: allowed });
  }

  #allowedBy(schema: Schema, name: string, depth: number): Arbitrary<unknown> {
    if (depth > DEEPEST) return fc.constant(null);
    if (schema.$ref !== undefined) {
      return this.of(this.#schemas[schema.$ref.replace(/^.*\//, '')] ?? {}, name, depth + 1);
    }
    const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (choices) return fc.oneof(...choices.map((one) => this.#allowedBy(one, name, depth + 1)));
    if (schema.const !== undefined) return fc.constant(schema.const);
    return schema.enum ? fc.constantFrom(...schema.enum) : this.#ofType(schema, name, depth);
  }

  #ofType(schema: Schema, name: string, depth: number): Arbitrary<unknown> {
    switch (schema.type ?? '') {
      case 'string':
        return fc.oneof(
          fc.constantFrom('a', 'Yard 2'),
          fc.string({ minLength: 1, maxLength: Math.min(schema.maxLength ?? 30, 30) }),
        );
      case 'integer':
        return fc.oneof(fc.integer(limits(schema)), fc.integer(limits(schema)).map(String));
      case 'number':
        return fc.double({ ...limits(schema), noNaN: true });
      case 'boolean':
        return fc.oneof(fc.boolean(), fc.constantFrom('true', 'false'));
      case 'array':
        return this.#list(schema, name, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  }

  #list({ items, prefixItems, minItems = 0 }: Schema, name: string, depth: number): Arbitrary<unknown> {
    if (prefixItems) return fc.tuple(...prefixItems.map((one) => this.of(one, '', depth + 1)));
    const item = typeof items === 'object' ? this.of(items, `${name}[]`, depth + 1) : fc.jsonValue({ maxDepth: 2 });
    return fc.array(item, { minLength: minItems, maxLength: minItems + 3 });
  }

  /** Few of the optional members at once: one of them that is refused hides what the others do. */
  #object({ properties = {}, required = [] }: Schema, depth: number): Arbitrary<unknown> {
    const members = Object.entries(properties).map(([name, one]) => [name, this.of(one, name, depth + 1)] as const);
    if (members.length === 0) {
      return fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
    }
    const optional = members.map(([name]) => name).filter((name) => !required.includes(name));
    const all = fc.record(Object.fromEntries(members));
    return fc.tuple(all, fc.subarray(optional, { maxLength: Math.min(3, optional.length) })).map(([value, chosen]) => {
      const kept = new Set([...required, ...chosen]);
      return Object.fromEntries(Object.entries(value).filter(([name]) => kept.has(name)));
    });
  }
}

function limits({ minimum = -1e6, maximum = 1e6 }: Schema): { min: number; max: number } {
  return { min: Math.max(minimum, Number.MIN_SAFE_INTEGER), max: Math.min(maximum, Number.MAX_SAFE_INTEGER) };
}
