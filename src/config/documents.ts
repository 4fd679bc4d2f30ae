import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that zod writes for our schema. */
interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  const?: unknown;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
}

/** JSON Schema (draft 2020-12) of the file, for editors: `# yaml-language-server: $schema=…`. */
export function configJsonSchema(): object {
  return { title: 'Watchpost configuration', ...(schema() as object) };
}

function schema(): JsonSchema {
  const json = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema, path }) => {
      // The host name of whoever generates it is nobody else's default.
      if (path.join('.') === 'properties.name') delete jsonSchema.default;
    },
  });
  // zod types its result as any JSON Schema; ours uses only the members named above.
  return json as JsonSchema;
}

/** Keys that may stand at a place of the file; empty when it is unknown. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let here: JsonSchema | undefined = schema();
  for (const key of path) here = whole(typeof key === 'number' ? here?.items : here?.properties?.[String(key)]);
  return Object.keys(here?.properties ?? {});
}

/** What may be one of several groups, as one group with the keys of all. */
function whole(part: JsonSchema | undefined): JsonSchema | undefined {
  const groups = (part?.oneOf ?? part?.anyOf)?.filter(({ properties }) => properties);
  const [first, ...others] = groups ?? [];
  return first ? { ...part, ...others.reduce(merged, first), ...descriptionOf(part) } : part;
}

const descriptionOf = (part: JsonSchema | undefined) =>
  part?.description === undefined ? {} : { description: part.description };

/** What stands in both says what both say; a default that they don't share is left to the description. */
function merged(a: JsonSchema, b: JsonSchema): JsonSchema {
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

/** Every key of the file as a dotted path, lists as `[]`: `cameras[].zones[].polygon`. */
export function configKeys(): string[] {
  return rows(schema()).map((row) => row.path);
}

interface Row {
  path: string;
  schema: JsonSchema;
  required: boolean;
}

function rows(parent: JsonSchema, prefix = ''): Row[] {
  return Object.entries(parent.properties ?? {}).flatMap(([key, child]) => {
    const group = whole(child.items ?? child);
    const path = prefix + key + (child.items && group?.properties ? '[]' : '');
    const row = { path, schema: child, required: parent.required?.includes(key) ?? false };
    return [row, ...(group ? rows(group, `${path}.`) : [])];
  });
}

/** docs/config.md. */
export function configMarkdown(): string {
  const table = rows(schema()).map(
    (row) =>
      `| \`${row.path}\` | ${typeText(row.schema)} | ${row.required ? '**required**' : defaultText(row.schema)} | ${cell(row.schema.description ?? '')} |`,
  );
  return `${INTRODUCTION}\n| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |\n${table.join('\n')}\n`;
}

function typeText(part: JsonSchema): string {
  if (part.enum) return part.enum.map((value) => `\`${value}\``).join(' ');
  if (part.items?.prefixItems) return 'list of [x, y]';
  if (part.type === 'array') return 'list';
  if (part.type === 'object' || whole(part)?.properties) return 'group';
  const bounds = [part.minimum, part.maximum].filter((bound) => bound !== undefined && Math.abs(bound) < 1e9);
  return bounds.length === 2 ? `${part.type} ${bounds.join('–')}` : (part.type ?? 'text');
}

function defaultText(part: JsonSchema): string {
  if (part.default === undefined || typeText(part) === 'group') return '';
  return `\`${JSON.stringify(part.default)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

const INTRODUCTION = `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run generate\`; edit the descriptions there. -->

\`watchpost run --config FILE\` reads one YAML file. It is read strictly: an unknown key is an error that names its path
and the key that was probably meant. Check a file with \`watchpost config check FILE\`. Every key is shown in
[config/watchpost.example.yaml](../config/watchpost.example.yaml), and
[config/watchpost.schema.json](../config/watchpost.schema.json) gives editors completion.

Without a file the box starts empty and is set up over HTTP.

**Secrets.** Any text may hold \`\${NAME}\` (an environment variable) or \`\${file:/path}\` (the first line of a file that
only its owner can read, mode 0600 or 0400). They are looked up when the file is read; a missing one is an error. Inside
an address, percent-encode characters such as \`@\`, \`/\` and \`:\` in a password.

**Environment.** \`LOG_LEVEL\` wins over \`logLevel\`; \`STATE_DIRECTORY\` (set by systemd) over the default of \`dataDir\`;
\`WATCHPOST_CONFIG\` names the file where \`--config\` isn't given; \`WATCHPOST_API_KEY\` is the first API key instead of a random one. \`--data-dir\` and \`--listen\` win over the file.
`;
