import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Stream } from '#domain';

/** What a publisher must know: 128 bits in hex, other ones after each renewal. */
export function publishKey(signingKey: Buffer, { id, push }: Stream): string {
  const purpose = `publish ${id} ${push?.renewed ?? 0}`;
  return createHmac('sha256', signingKey).update(purpose).digest('hex').slice(0, 32);
}

/** Takes as long for a key that is nearly right as for any other. */
export function sameKey(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
