import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptedPath, adoptSegment, recoverSegments } from '#camera';

const OTHER_DISK = '/dev/shm';
const START = Date.UTC(2026, 0, 15, 12);
const session = { id: 'ses-1', streamId: 'rts-1', startedMs: START, codecs: 'avc1.640028', width: 640, height: 360 };
const adopted = { session, streamName: 'Yard', init: Buffer.from('init'), startMs: START, endMs: START + 4000 };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-adopt-'));
  mkdirSync(join(dir, 'media'));
});
afterEach(() => rmSync(dir, { recursive: true }));

async function adopt(from: string, text: string) {
  const file = join(from, 'arrived');
  writeFileSync(file, text);
  return adoptSegment(join(dir, 'media'), file, adopted);
}

describe('a segment of another box', () => {
  it('lies where its own box would have put it, with all that is needed to find it again', async () => {
    const { segment, session: kept } = await adopt(dir, 'a segment');
    expect(segment).toMatchObject({ path: adoptedPath(adopted), bytes: 9, streamId: 'rts-1', sessionId: 'ses-1' });
    expect(readFileSync(join(dir, 'media', segment.path), 'utf8')).toBe('a segment');
    expect(readFileSync(join(dir, 'media', kept.initPath), 'utf8')).toBe('init');
    expect(await recoverSegments(join(dir, 'media'), () => false)).toMatchObject([{ segment, session: kept }]);
    expect(readdirSync(dir)).toEqual(['media']);
  });

  it('may come twice', async () => {
    await adopt(dir, 'a segment');
    const { segment } = await adopt(dir, 'a segment');
    expect(readdirSync(join(dir, 'media', segment.path, '..'))).toHaveLength(1);
  });

  it('may come from another disk', async ({ skip }) => {
    if (statSync(OTHER_DISK).dev === statSync(dir).dev) skip(`${OTHER_DISK} is no disk of its own here`);
    const other = mkdtempSync(join(OTHER_DISK, 'wp-adopt-'));
    try {
      const { segment } = await adopt(other, 'a segment');
      expect(readFileSync(join(dir, 'media', segment.path), 'utf8')).toBe('a segment');
      expect(readdirSync(other)).toEqual([]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});
