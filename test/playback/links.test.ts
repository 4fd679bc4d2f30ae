import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MediaLinks } from '#playback';
import type { Clock } from '#runtime';

const NOW = 1_711_000_000_000;
const STREAM = 'rts-018e5f0e-0000-7000-8000-000000000000';
const RANGE = [STREAM, NOW - 60_000, NOW - 30_000] as const;

function clockAt(nowMs: number): Clock {
  return { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined };
}

const key = randomBytes(32);
const links = new MediaLinks(key, clockAt(NOW));
const tokenOf = (path: string) => path.split('/')[2] ?? '';
const slugOf = (path: string) => new URL(path, 'http://box').searchParams.get('v') ?? '';

describe('MediaLinks', () => {
  it('names the manifest by stream and 16-digit microseconds', () => {
    expect(links.manifestPath(...RANGE)).toMatch(
      new RegExp(`^/hls/[A-Za-z0-9_.-]+/manifests/${STREAM}/1710999940000000-1710999970000000\\.m3u8$`),
    );
  });

  it('verifies its own token as the range it was made for', () => {
    const ticket = links.verify(tokenOf(links.manifestPath(...RANGE)));
    expect(ticket).toMatchObject({ sourceId: STREAM, startMs: RANGE[1], endMs: RANGE[2] });
  });

  it('carries title and description in a URL-safe slug, behind a readable prefix', () => {
    const player = { title: 'Tür & Tor', description: '"quoted"', slugPrefix: 'Night Shift!' };
    const path = links.watchPath(...RANGE, player);
    expect(path).toMatch(/^\/watch\?v=night-shift\.[A-Za-z0-9_.-]+$/);
    expect(links.verify(slugOf(path))).toMatchObject({ title: 'Tür & Tor', description: '"quoted"', sourceId: STREAM });
  });

  it('makes equal links for equal things on one day', () => {
    const later = new MediaLinks(key, clockAt(NOW + 60_000));
    expect(later.manifestPath(...RANGE)).toBe(links.manifestPath(...RANGE));
  });

  it('refuses a token with any one bit changed', () => {
    const parts = tokenOf(links.manifestPath(...RANGE))
      .split('.')
      .map((part) => Buffer.from(part, 'base64url'));
    for (const part of parts) {
      for (let bit = 0; bit < part.length * 8; bit += 1) {
        const flip = () => part.writeUInt8(part.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        flip();
        expect(links.verify(parts.map((bytes) => bytes.toString('base64url')).join('.'))).toBeUndefined();
        flip();
      }
    }
  });

  it('refuses another key, another purpose, rubbish and an expired token', () => {
    const token = tokenOf(links.manifestPath(...RANGE));
    expect(new MediaLinks(randomBytes(32), clockAt(NOW)).verify(token)).toBeUndefined();
    expect(links.verify(links.thumbPath(7).split('t=')[1] ?? '')).toBeUndefined();
    for (const rubbish of ['', '.', 'a.b', '..', 'x'.repeat(10_000), '%00.%00']) {
      expect(links.verify(rubbish)).toBeUndefined();
    }
    expect(new MediaLinks(key, clockAt(NOW + 32 * 86_400_000)).verify(token)).toBeUndefined();
    expect(new MediaLinks(key, clockAt(NOW + 29 * 86_400_000)).verify(token)).toBeDefined();
  });

  it('signs the picture of one scene only', () => {
    const signature = links.thumbPath(7).split('t=')[1] ?? '';
    expect(links.verifyThumb(7, signature)).toBe(true);
    expect(links.verifyThumb(8, signature)).toBe(false);
    expect(links.verifyThumb(7, tokenOf(links.manifestPath(...RANGE)))).toBe(false);
  });
});
