import { createHmac } from 'node:crypto';

/**
 * What proves to a receiver that a message is the box's, whole and recent, as standardwebhooks.com has it: an HMAC-SHA256
 * over `id.timestamp.body`. With several secrets there are several signatures, and one that fits is enough.
 */
export function signed(
  { id, body, atMs }: { id: string; body: string; atMs: number },
  secrets: readonly Buffer[],
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = (secret: Buffer) =>
    `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(signature).join(' '),
  };
}

/** The secret as receivers are told it, and as their libraries take it. */
export function secretText(secret: Buffer): string {
  return `whsec_${secret.toString('base64')}`;
}
