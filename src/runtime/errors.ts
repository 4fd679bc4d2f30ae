/**
 * What went wrong, as a caller must tell it apart:
 * `invalid` the input is wrong (field and remedy in the message) · `not_found` · `conflict` · `unauthorized` ·
 * `forbidden` · `too_large` · `unavailable` something outside is away, trying again helps · `refused` a domain refusal
 * ("No results found") · `internal` a bug.
 */
export type FaultKind =
  | 'invalid'
  | 'not_found'
  | 'conflict'
  | 'unauthorized'
  | 'forbidden'
  | 'too_large'
  | 'unavailable'
  | 'refused'
  | 'internal';

/** An error with a kind and a message that may be shown to the user: it says what to do next and holds no secret. */
export class Fault extends Error {
  readonly kind: FaultKind;
  constructor(kind: FaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fault';
    this.kind = kind;
  }
}

export function isFault(error: unknown, kind?: FaultKind): error is Fault {
  return error instanceof Fault && (kind === undefined || error.kind === kind);
}

/** The message of anything thrown, with credentials in addresses cut out. */
export function messageOf(error: unknown): string {
  return redactCredentials(error instanceof Error ? error.message : String(error));
}

/** Not the file's fault: it may be read again. */
const DISK_FAILS = ['EIO', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE'];

/** What it means to who asked that a file couldn't be read: `unavailable` where that may pass, else it is `gone`. */
export function faultOfReading(error: unknown, gone: string): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!DISK_FAILS.includes(code)) return new Fault('not_found', gone, { cause: error });
  return new Fault('unavailable', `the disk failed (reading: ${code}): look at its cable and its health`, {
    cause: error,
  });
}

/** Replaces `user:password@` in any address within the text by `***@`. */
export function redactCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+(?:@[^\s/@'"]+)*@/gi, '$1***@');
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
