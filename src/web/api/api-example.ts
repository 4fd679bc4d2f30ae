/** Examples to copy: a body with what must be in it, and the whole call as a line of `curl`; addresses to send. Pure. */
import type { Operation, Parameter, Schema } from './api-document.ts';
import { resolve, type Schemas } from './api-schema.ts';

/** A `curl` call of the operation. The key is the shell's `$KEY`, so that none is ever copied by accident. */
export function curlOf(operation: Operation, origin: string, schemas: Schemas): string {
  const { method, path, parameters, body, open, answer } = operation;
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map(({ name, schema }) => `${name}=${queryValue(name, sample(schema, schemas))}`)
    .join('&');
  const isForm = body?.mediaType === 'multipart/form-data';
  const example = body?.schema && !isForm ? exampleOf(body.schema, schemas) : undefined;
  const sends = isForm || (example !== undefined && JSON.stringify(example) !== '{}');
  const parts = ['curl'];
  if (answer.mediaType === 'text/event-stream') parts.push('-N');
  if (answer.mediaType.startsWith('image/')) parts.push('-O');
  if (method !== (sends ? 'POST' : 'GET')) parts.push(`-X ${method}`);
  if (!open) parts.push('-H "x-access-token: $KEY"');
  parts.push(quoted(`${origin}${path}${query ? `?${query}` : ''}`));
  if (isForm) parts.push('-F file=@FILE');
  else if (sends) parts.push(`\\\n  -d '${JSON.stringify(example).replaceAll("'", "'\\''")}'`);
  return parts.join(' ');
}

/** What nobody can guess is left to fill in, as in the path. */
function queryValue(name: string, value: unknown): string {
  return value === UNKNOWN ? `{${name}}` : encodeURIComponent(String(value));
}

/** `{id}` stays readable in a shell only in quotes. */
function quoted(url: string): string {
  return /[?&{}]/.test(url) ? `"${url}"` : url;
}

/** The schema's own example, else an object with what must be there, or when nothing must, the first that tells something. */
export function exampleOf(schema: Schema, schemas: Schemas): unknown {
  const { properties, required = [], examples = [] } = resolve(schema, schemas);
  if (!properties || examples.length > 0) return sample(schema, schemas);
  const telling = Object.keys(properties).filter((name) => tells(resolve(properties[name] ?? {}, schemas)));
  const names = required.length > 0 ? required : telling.slice(0, 1);
  return Object.fromEntries(names.map((name) => [name, sample(properties[name] ?? {}, schemas)]));
}

function tells({ examples, enum: values }: Schema): boolean {
  return (examples ?? values ?? []).length > 0;
}

function sample(schema: Schema, schemas: Schemas): unknown {
  const real = resolve(schema, schemas);
  const [given] = real.examples ?? real.enum ?? [];
  if (given !== undefined) return given;
  if (real.const !== undefined) return real.const;
  const [form] = real.anyOf ?? real.oneOf ?? [];
  if (form) return sample(form, schemas);
  if (real.prefixItems) return real.prefixItems.map((item) => sample(item, schemas));
  if (typeof real.items === 'object') {
    const item = real.items;
    return Array.from({ length: Math.max(1, real.minItems ?? 1) }, () => sample(item, schemas));
  }
  if (real.properties) return exampleOf(real, schemas);
  const type = Array.isArray(real.type) ? real.type[0] : real.type;
  return real.default ?? PLAIN[type ?? ''] ?? real.minimum ?? UNKNOWN;
}

const UNKNOWN = '…';
const PLAIN: Readonly<Record<string, unknown>> = { boolean: true, object: {} };

/** The path with its parameters filled in and the query behind it; what was left empty is left out. */
export function addressOf(
  path: string,
  values: readonly { parameter: Pick<Parameter, 'name' | 'in'>; value: string }[],
): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { parameter, value } of values) {
    if (parameter.in === 'path') filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value !== '') query.set(parameter.name, value);
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}
