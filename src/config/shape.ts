import { z } from 'zod';
import { configSchema } from './schema.ts';

/** A part of the schema, as far as it is more than a check: the members of JSON Schema that zod writes for ours. */
export interface Shape {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  prefixItems?: Shape[];
  minimum?: number;
  maximum?: number;
  const?: unknown;
  oneOf?: Shape[];
  anyOf?: Shape[];
  /** Never to be shown. */
  writeOnly?: boolean;
}

let known: Shape | undefined;

/** The whole, as JSON Schema. */
export function shapeOfConfig(): Shape {
  known ??= made();
  return known;
}

function made(): Shape {
  const json = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema, path }) => {
      // The host name of whoever generates it is nobody else's default.
      if (path.join('.') === 'properties.name') delete jsonSchema.default;
    },
  });
  // zod types its result as any JSON Schema; ours uses only the members named above.
  return json as Shape;
}

/** Keys that may stand at a place of the file; empty when it is unknown. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let here: Shape | undefined = shapeOfConfig();
  for (const key of path) here = partOf(here, key);
  return Object.keys(here?.properties ?? {});
}

/** What may stand under a key of it, or under a name or number where it is a list. */
export function partOf(shape: Shape | undefined, key: PropertyKey): Shape | undefined {
  return whole(shape?.items ?? shape?.properties?.[String(key)]);
}

/** A list of things that each have a name of their own. */
export function isNamedList(shape: Shape | undefined): boolean {
  return whole(shape?.items)?.properties?.['name'] !== undefined;
}

/** What may be one of several groups, as one group with the keys of all. */
export function whole(part: Shape | undefined): Shape | undefined {
  const groups = (part?.oneOf ?? part?.anyOf)?.filter(({ properties }) => properties);
  const [first, ...others] = groups ?? [];
  return first ? { ...part, ...others.reduce(merged, first), ...descriptionOf(part) } : part;
}

const descriptionOf = (part: Shape | undefined) =>
  part?.description === undefined ? {} : { description: part.description };

/** What stands in both says what both say; a default that they don't share is left to the description. */
function merged(a: Shape, b: Shape): Shape {
  const { default: usual, const: _, ...rest } = { ...b, ...a };
  const values = [a, b].flatMap((part) => part.enum ?? (part.const === undefined ? [] : [part.const]));
  const descriptions = new Set([a.description, b.description].filter((text) => text !== undefined));
  const names = new Set([...Object.keys(a.properties ?? {}), ...Object.keys(b.properties ?? {})]);
  const properties = [...names].map((name) => {
    const [inA, inB] = [a.properties?.[name], b.properties?.[name]];
    return [name, inA && inB ? merged(inA, inB) : (inA ?? inB)];
  });
  return {
    ...rest,
    ...(JSON.stringify(a.default) === JSON.stringify(b.default) ? { default: usual } : {}),
    ...(values.length > 0 ? { enum: [...new Set(values)] } : {}),
    ...(descriptions.size > 0 ? { description: [...descriptions].join(' ') } : {}),
    ...(names.size > 0 ? { properties: Object.fromEntries(properties) } : {}),
    required: (a.required ?? []).filter((name) => b.required?.includes(name)),
  };
}
