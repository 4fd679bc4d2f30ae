import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Why a test that needs one is skipped. */
export const ABSENT = 'needs the reference material: a folder `shared` beside the checkout';

/** A file of the reference material that lies beside a checkout on the project's own machines; undefined where it doesn't. */
export function sharedFile(path: string): string | undefined {
  const file = fileURLToPath(new URL(`../../../../shared/${path}`, import.meta.url));
  return existsSync(file) ? file : undefined;
}
