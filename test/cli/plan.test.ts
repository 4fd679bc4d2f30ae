import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runCli } from '#cli';
// Loaded beforehand: that must not be the test's own time.
import '../../src/cli/plan.ts';

const never = new AbortController().signal;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watchpost-plan-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

/** Six seconds with a keyframe a second. */
function video(size = '320x240'): string {
  const file = join(dir, `${size}.mp4`);
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-bf', '0'];
  const picture = `testsrc2=size=${size}:rate=10:duration=6`;
  execFileSync('ffmpeg', ['-loglevel', 'error', '-f', 'lavfi', '-i', picture, ...coding, file]);
  return pathToFileURL(file).href;
}

async function printed(...args: string[]): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  expect(await runCli(['plan', ...args, '--data-dir', dir], never)).toBe(0);
  vi.restoreAllMocks();
  return written.join('');
}

it('measures the box and its cameras, and tells of one that does not answer', { timeout: 180_000 }, async () => {
  const away = 'rtsp://admin:s3cret-canary@127.0.0.1:1/away';
  const text = await printed('--json', '--camera', video(), '--camera', away);
  const { box, cameras, tiers, wanted, days } = JSON.parse(text);
  expect(cameras).toMatchObject([
    { facts: { width: 320, keyframeIntervalS: 1, bitsPerSecond: expect.any(Number) } },
    { problem: expect.stringContaining('127.0.0.1') },
  ]);
  expect(cameras[0].facts.bitsPerSecond).toBeGreaterThan(10_000);
  expect(text).not.toContain('s3cret-canary');
  expect(box.keyframeMs).toBeGreaterThan(0);
  expect(box.diskBytesPerS).toBeGreaterThan(0);
  expect(tiers.map(({ tier }: { tier: string }) => tier)).toEqual(['mini', 'basic', 'pro', 'ultra']);
  expect([wanted, days > 0]).toEqual([2, true]);
  // What was written to measure the disk is gone.
  expect(readdirSync(dir).filter((name) => name.startsWith('plan-'))).toEqual([]);
});

it('says in plain lines what it bears, also without any camera', { timeout: 180_000 }, async () => {
  writeFileSync(join(dir, 'config.yaml'), 'cameras: []\n');
  const text = await printed('--config', join(dir, 'config.yaml'));
  expect(text).toContain('tier\tcameras\tdays of video\talert within\twhat ends it\tno pack for');
  expect(text).toMatch(/^mini\t\d+\t[\d.]+\t[\d.]+ s\t\w+\tobject-detection$/m);
  expect(text).toContain('For more cameras: ');
});

it('reckons with the smaller stream where a camera has one', { timeout: 180_000 }, async () => {
  const camera = { name: 'Yard', url: video('640x480'), substream: video('160x120') };
  writeFileSync(join(dir, 'config.yaml'), JSON.stringify({ cameras: [camera] }));
  const { camera: load, cameras } = JSON.parse(await printed('--json', '--config', join(dir, 'config.yaml')));
  expect(load).toMatchObject({ width: 160, height: 120, bitsPerSecond: cameras[0].facts.bitsPerSecond });
});
