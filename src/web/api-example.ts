/** Examples to copy: a body with what must be in it, and the whole call as a line of `curl`; addresses to send. Pure. */
import type { Operation, Parameter, Schema } from './api-document.ts';
import { resolve, type Schemas } from './api-schema.ts';

/** What people would write; looked up by the member's name where its schema gives no example. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  name: 'Front gate',
  prompt: 'Describe what happens',
  event_prompt: 'someone enters the loading zone',
  label: 'entered',
  query: 'a van at the gate',
  event_id: 'event-3adc40d26d6fed0d',
  start: 1768478400,
  end: 1768478460,
};

/** A `curl` call of the operation. The key is the shell's `$KEY`, so that none is ever copied by accident. */
export function curlOf(operation: Operation, origin: string, schemas: Schemas): string {
  const { method, path, parameters, body, open, answer } = operation;
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(String(sample(name, schema, schemas)))}`)
    .join('&');
  const parts = ['curl'];
  if (answer.mediaType === 'text/event-stream') parts.push('-N');
  if (answer.mediaType.startsWith('image/')) parts.push('-O');
  if (body?.mediaType !== 'multipart/form-data' && method !== (body ? 'POST' : 'GET')) parts.push(`-X ${method}`);
  if (!open) parts.push('-H "x-access-token: $KEY"');
  parts.push(quoted(`${origin}${path}${query ? `?${query}` : ''}`));
  if (body?.mediaType === 'multipart/form-data') parts.push('-F file=@FILE');
  else if (body?.schema)
    parts.push(`\\\n  -d '${JSON.stringify(exampleOf(body.schema, schemas)).replaceAll("'", "'\\''")}'`);
  return parts.join(' ');
}

/** `{id}` stays readable in a shell only in quotes. */
function quoted(url: string): string {
  return /[?&{}]/.test(url) ? `"${url}"` : url;
}

/** An object with the members that must be there, or when none must, the first that may. */
export function exampleOf(schema: Schema, schemas: Schemas): unknown {
  const { properties, required = [] } = resolve(schema, schemas);
  if (!properties) return sample('', schema, schemas);
  const names = required.length > 0 ? required : Object.keys(properties).slice(0, 1);
  return Object.fromEntries(names.map((name) => [name, sample(name, properties[name] ?? {}, schemas)]));
}

function sample(name: string, schema: Schema, schemas: Schemas): unknown {
  const real = resolve(schema, schemas);
  const [first] = real.examples ?? [];
  if (first !== undefined) return first;
  if (real.enum) return real.enum[0];
  if (real.const !== undefined) return real.const;
  if (name in SAMPLES) return SAMPLES[name];
  if (name.endsWith('url'))
    return name === 'url' ? 'rtsp://user:password@192.168.1.20/stream1' : 'http://192.168.1.5/hook';
  const [form] = real.anyOf ?? real.oneOf ?? [];
  if (form) return sample(name, form, schemas);
  if (real.prefixItems) return real.prefixItems.map((item) => sample('', item, schemas));
  if (typeof real.items === 'object') {
    const item = real.items;
    return Array.from({ length: Math.max(1, real.minItems ?? 1) }, () => sample('', item, schemas));
  }
  if (real.properties) return exampleOf(real, schemas);
  return (
    real.default ?? PLAIN[Array.isArray(real.type) ? (real.type[0] ?? '') : (real.type ?? '')] ?? real.minimum ?? '…'
  );
}

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
