import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAKE = fileURLToPath(new URL('../../../.ci/release.mjs', import.meta.url));

export interface Release {
  id: string;
  /** An archive, or a folder. */
  path: string;
}

/** A real release of what is built here. */
export function makeRelease(dir: string, mark: string, ...options: string[]): Release {
  const argv = [MAKE, '--out', dir, '--mark', mark, ...options];
  const path = execFileSync(process.execPath, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  return { id: /^watchpost-(.+)-linux-/.exec(basename(path))?.[1] ?? '', path };
}

/** A release of the future: it changes the database's schema when it starts, says that it is ready, and dies. */
export function makeDoomedRelease(dir: string): Release {
  const { id, path } = makeRelease(dir, 'doomed', '--folder');
  const schema = Number(/^schema=(\d+)$/m.exec(readFileSync(join(path, 'release'), 'utf8'))?.[1]);
  edit(join(path, 'release'), `schema=${schema}`, `schema=${schema + 1}`);
  const later = `{ version: ${schema + 1}, sql: 'CREATE TABLE later (id INTEGER)' }`;
  edit(
    join(path, 'dist/store/schema/migrate.js'),
    /const MIGRATIONS = \[([^\]]*)\]/,
    `const MIGRATIONS = [$1, ${later}]`,
  );
  edit(join(path, 'dist/cli/run.js'), 'if (appliance.first', "throw new Error('doomed'); if (appliance.first");
  return { id, path };
}

function edit(file: string, from: string | RegExp, to: string): void {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${file} is not what it was`);
  writeFileSync(file, after);
}
