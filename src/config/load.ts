import { readFile } from 'node:fs/promises';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { Fault } from '#runtime';
import { asLists, byName } from './layers.ts';
import { faultFrom, type Problem, problemsFrom } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { resolveReferences } from './secrets.ts';

/** Where the configuration of this process comes from. */
export interface ConfigSource {
  /** Absent: what `text` says, or the defaults. */
  file?: string | undefined;
  text?: string;
  env: NodeJS.ProcessEnv;
  /** From the command line: they win over everything. */
  overrides?: { dataDir?: string; listen?: string };
}

/**
 * Reads the YAML text of a configuration. `sourceName` names it in errors.
 * Throws a `ConfigFault` with the path of everything that is wrong.
 */
export function parseConfig(yamlText: string, env: NodeJS.ProcessEnv, sourceName: string): Config {
  return checked(parseYaml(yamlText, sourceName), env, sourceName);
}

/** The configuration that this is written for; throws a `ConfigFault`, as `parseConfig` does. */
export function configOf(written: unknown, { env, overrides }: ConfigSource, sourceName: string): Config {
  const config = checked(asLists(written), env, sourceName);
  const { dataDir, listen } = overrides ?? {};
  const fromFlags = parseConfig(JSON.stringify({ dataDir, listen }), env, 'the command line');
  return {
    ...config,
    ...(dataDir === undefined ? {} : { dataDir: fromFlags.dataDir }),
    ...(listen === undefined ? {} : { listen: fromFlags.listen }),
  };
}

/** What the file says, as it is written. Throws `invalid` when it can't be read or is no YAML. */
export async function readWritten({ file, text = '' }: ConfigSource): Promise<unknown> {
  return byName(parseYaml(file === undefined ? text : await read(file), file ?? 'the configuration'));
}

/** The same of a text. */
export function writtenIn(yamlText: string, sourceName: string): unknown {
  return byName(parseYaml(yamlText, sourceName));
}

/** The file's configuration, or the defaults without a file. `overrides` come from the command line. */
export async function loadConfig(
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  overrides: { dataDir?: string; listen?: string } = {},
): Promise<Config> {
  const source = { file, env, overrides };
  return configOf(await readWritten(source), source, file ?? 'the defaults');
}

function checked(yaml: unknown, env: NodeJS.ProcessEnv, sourceName: string): Config {
  const problems: Problem[] = [];
  const written = resolveReferences(yaml, env, problems);
  const parsed = configSchema.safeParse(withEnvironment(written, env));
  if (!parsed.success) problems.push(...problemsFrom(parsed.error).filter(notAmong(problems)));
  if (problems.length > 0 || !parsed.data) throw faultFrom(problems, sourceName);
  return parsed.data;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Fault('invalid', `can't read the configuration file ${file}: does it exist, and may this user read it?`, {
      cause: error,
    });
  }
}

/** Without pretty errors, as those quote the lines around, which may hold a password. */
function parseYaml(text: string, sourceName: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const error = document.errors[0];
  if (!error) return plainValue(document, sourceName);
  const { line, col } = lineCounter.linePos(error.pos[0]);
  throw new Fault(
    'invalid',
    `${sourceName}: line ${line}, column ${col}: not valid YAML (${YAML_MISTAKES[error.code] ?? error.code})`,
  );
}

/** A few aliases in each other can stand for more than there is memory. */
function plainValue(document: Document.Parsed, sourceName: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    throw new Fault('invalid', `${sourceName}: too many aliases (*name): write what they stand for`, { cause: error });
  }
}

const YAML_MISTAKES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands here twice',
  TAB_AS_INDENT: 'indent with spaces, not tabs',
  BAD_INDENT: 'wrong indentation',
  MISSING_CHAR: 'a closing quote or bracket or a colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing, or the indentation is wrong',
  BLOCK_AS_IMPLICIT_KEY: 'text with a colon needs quotes, or the indentation is wrong',
  UNEXPECTED_TOKEN: 'unexpected character; text with : # { [ or % needs quotes',
};

function withEnvironment(written: unknown, env: NodeJS.ProcessEnv): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written;
  return {
    ...(env['STATE_DIRECTORY'] ? { dataDir: env['STATE_DIRECTORY'] } : {}),
    ...written,
    ...(env['LOG_LEVEL'] ? { logLevel: env['LOG_LEVEL'] } : {}),
  };
}

/** A text whose reference is missing fails the schema too; that is one problem, not two. */
function notAmong(problems: readonly Problem[]): (problem: Problem) => boolean {
  const known = new Set(problems.map(({ path }) => path.join('\0')));
  return ({ path }) => !known.has(path.join('\0'));
}
