import { type Shape, shapeOfConfig, whole } from './shape.ts';

/** JSON Schema (draft 2020-12) of the file, for editors: `# yaml-language-server: $schema=…`. */
export function configJsonSchema(): object {
  return { title: 'Watchpost configuration', ...shapeOfConfig() };
}

/** Every key of the file as a dotted path, lists as `[]`: `cameras[].zones[].polygon`. */
export function configKeys(): string[] {
  return rows(shapeOfConfig()).map((row) => row.path);
}

interface Row {
  path: string;
  shape: Shape;
  required: boolean;
}

function rows(parent: Shape, prefix = ''): Row[] {
  return Object.entries(parent.properties ?? {}).flatMap(([key, child]) => {
    const group = whole(child.items ?? child);
    const path = prefix + key + (child.items && group?.properties ? '[]' : '');
    const row = { path, shape: child, required: parent.required?.includes(key) ?? false };
    return [row, ...(group ? rows(group, `${path}.`) : [])];
  });
}

/** docs/config.md. */
export function configMarkdown(): string {
  const table = rows(shapeOfConfig()).map(
    (row) =>
      `| \`${row.path}\` | ${typeText(row.shape)} | ${row.required ? '**required**' : defaultText(row.shape)} | ${cell(row.shape.description ?? '')} |`,
  );
  return `${INTRODUCTION}\n| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |\n${table.join('\n')}\n`;
}

function typeText(part: Shape): string {
  if (part.enum) return part.enum.map((value) => `\`${value}\``).join(' ');
  if (part.items?.prefixItems) return 'list of [x, y]';
  if (part.type === 'array') return 'list';
  if (part.type === 'object' || whole(part)?.properties) return 'group';
  const bounds = [part.minimum, part.maximum].filter((bound) => bound !== undefined && Math.abs(bound) < 1e9);
  return bounds.length === 2 ? `${part.type} ${bounds.join('–')}` : (part.type ?? 'text');
}

function defaultText(part: Shape): string {
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

**Changes.** What is changed over HTTP lies above the file, which is never written; see [control.md](control.md#configuration).
`;
