import { Fault } from '#runtime';

/** Throws `internal` unless the path stays below the directory that it is relative to. */
export function checkRelative(path: string, field: string): void {
  const parts = path.split('/');
  if (
    path.includes('\\') ||
    path.includes('\0') ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new Fault('internal', `${field}: "${path}" must be a plain relative path`);
  }
}
