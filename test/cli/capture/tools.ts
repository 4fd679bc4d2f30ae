import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Tools extends Disposable {
  /** What PATH is to be. */
  path: string;
  /** Where they lie. */
  dir: string;
}

/** Programs by these names, as shell scripts; they come before the real ones. */
export function toolsOf(scripts: Record<string, string>, { alone = false } = {}): Tools {
  const dir = mkdtempSync(join(tmpdir(), 'watchpost-tools-'));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(dir, name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(dir, name), 0o755);
  }
  const path = alone ? dir : [dir, process.env['PATH']].join(delimiter);
  return { path, dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}
