import { createHmac } from 'node:crypto';
import type { Stream } from '#domain';

/** What a publisher must know; another one after each renewal. */
export function publishKey(signingKey: Buffer, { id, push }: Stream): string {
  return derive(signingKey, `publish ${id} ${push?.renewed ?? 0}`);
}

/** 128 bits in hex. */
function derive(signingKey: Buffer, purpose: string): string {
  return createHmac('sha256', signingKey).update(purpose).digest('hex').slice(0, 32);
}
