/** Schemas in words: the type, the limits and the members of what a route takes or answers. Pure. */
import { nameOf, type Schema } from './api-document.ts';

export type Schemas = Readonly<Record<string, Schema>>;

/** One member, parameter or alternative. */
export interface Field {
  name: string;
  schema: Schema;
  required: boolean;
}

/** The schema behind a reference; an empty one, which allows anything, when there is none. */
export function resolve(schema: Schema, schemas: Schemas): Schema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...beside } = schema;
  return { ...schemas[nameOf($ref)], ...beside };
}

/** The type in a few words: "integer", "list of Stream", "tcp or udp". */
export function typeWords(schema: Schema, schemas: Schemas): string {
  if (schema.$ref !== undefined)
    return isPlain(resolve(schema, schemas)) ? typeWords(resolve(schema, schemas), schemas) : nameOf(schema.$ref);
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) return [...new Set(forms.map((form) => typeWords(form, schemas)))].join(' or ');
  if (schema.enum) return schema.enum.map(literal).join(' or ');
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.prefixItems) return `[${schema.prefixItems.map((item) => typeWords(item, schemas)).join(', ')}]`;
  if (typeof schema.items === 'object') return `list of ${typeWords(schema.items, schemas)}`;
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  if (schema.type === 'string' && schema.format) return FORMATS[schema.format] ?? schema.format;
  return schema.type ?? 'anything';
}

const FORMATS: Readonly<Record<string, string>> = { uri: 'address', 'date-time': 'date and time', binary: 'file' };

function isPlain({ properties, anyOf, oneOf }: Schema): boolean {
  return !properties && !anyOf && !oneOf;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Limits and default, each a few words. */
export function limitWords(schema: Schema): string[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems, maxItems } = schema;
  const words = [
    range(minimum, known(maximum), ''),
    exclusiveMinimum === undefined ? '' : `more than ${exclusiveMinimum}`,
    exclusiveMaximum === undefined ? '' : `less than ${exclusiveMaximum}`,
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' items'),
    patternWords(schema.pattern),
    schema.default === undefined ? '' : `default ${JSON.stringify(schema.default)}`,
  ];
  return words.filter((word) => word !== '');
}

/** The largest whole number is no limit to tell people of. */
function known(maximum: number | undefined): number | undefined {
  return maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && least > -Number.MAX_SAFE_INTEGER && most !== undefined) {
    return least === most ? `${least}${unit}` : `${least} to ${most}${unit}`;
  }
  if (most !== undefined) return `at most ${most}${unit}`;
  if (least === 1 && unit !== '') return 'not empty';
  return least !== undefined && least > -Number.MAX_SAFE_INTEGER && least !== 0 ? `at least ${least}${unit}` : '';
}

/** Nobody sends control characters on purpose: that they are refused goes without saying. */
function patternWords(pattern: string | undefined): string {
  return pattern === undefined || pattern === '^[^\\p{Cc}]*$' ? '' : `matches ${pattern}`;
}

/** What lies inside: an object's members, a list's items' members, the alternatives of a choice of objects. */
export function innerFields(schema: Schema, schemas: Schemas): Field[] {
  const real = resolve(schema, schemas);
  if (typeof real.items === 'object') return innerFields(real.items, schemas);
  const forms = (real.anyOf ?? real.oneOf ?? []).filter((form) => innerFields(form, schemas).length > 0);
  const [only] = forms;
  if (only && forms.length === 1) return innerFields(only, schemas);
  if (forms.length > 1) return forms.map((form) => ({ name: '', schema: form, required: true }));
  return Object.entries(real.properties ?? {}).map(([name, inner]) => ({
    name,
    schema: inner,
    required: real.required?.includes(name) ?? false,
  }));
}
