import { createHash, randomBytes, randomUUID } from 'node:crypto';

const PREFIX = {
  collection: 'c-',
  stream: 'rts-',
  event: 'event-',
  session: 'ses-',
  key: 'sk-',
  box: 'box-',
  job: 'job-',
  video: 'm-',
  audio: 'a-',
  image: 'img-',
  connection: 'conn-',
  upload: 'up-',
  hold: 'hold-',
  command: 'cmd-',
  scenes: 'sc-',
  capture: 'cap-',
} as const;

/** Kinds whose ids are 16 bare hex digits: clients extract them with hex-only patterns. */
export type HexIdKind = 'index' | 'alert' | 'firing';
export type IdKind = keyof typeof PREFIX | HexIdKind;

/** A new id of the kind. Stream and session ids sort by creation time (UUID version 7). */
export function newId(kind: IdKind, nowMs: number = Date.now()): string {
  switch (kind) {
    case 'index':
    case 'alert':
    case 'firing':
      return randomBytes(8).toString('hex');
    case 'event':
    case 'box':
      return PREFIX[kind] + randomBytes(8).toString('hex');
    case 'key':
      return PREFIX.key + randomBytes(24).toString('base64url');
    case 'collection':
      return PREFIX.collection + randomUUID();
    case 'job':
    case 'connection':
    case 'upload':
    case 'hold':
    case 'command':
    case 'scenes':
    case 'capture':
      return PREFIX[kind] + randomBytes(12).toString('hex');
    case 'stream':
    case 'session':
    case 'video':
    case 'audio':
    case 'image':
      return PREFIX[kind] + uuidV7(nowMs);
  }
}

/** RFC 9562 UUID version 7: 48 bits of Unix milliseconds, then random bits. */
function uuidV7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** What the store keeps of an API key: its SHA-256 in hex. Keys are random and long, so no salt or stretching is needed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
