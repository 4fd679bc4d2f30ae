import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fitToFfmpeg, fitted, installedFfmpeg, parseVersion } from '#runtime';
import { tempDir } from '../e2e/support/temp-dir.ts';

/** What `ffmpeg -version` prints: of Ubuntu 22.04, of Debian 12 and 13, of NVIDIA for JetPack 4, and of a build of one's own. */
const PRINTED = {
  '4.4.2-0ubuntu0.22.04.1': [58, 76],
  '5.1.9-0+deb12u1': [59, 27],
  '7.1.5-0+deb13u1': [61, 7],
  '4.2.7-nvidia': [58, 29],
  'N-58069-gc253b180cb-static': [59, 4],
} as const;

function printed(name: string, [major, minor]: readonly [number, number]): string {
  const version = `${major}. ${String(minor).padStart(2)}.100`;
  return `ffmpeg version ${name} Copyright (c) 2000-2026\nbuilt with gcc\nlibavutil 1. 1.100 / 1. 1.100\nlibavformat    ${version} / ${version}\n`;
}

describe('the version of ffmpeg', () => {
  it.each(Object.entries(PRINTED).filter(([name]) => !name.includes('nvidia')))('%s is read', (name, library) => {
    expect(parseVersion(printed(name, library))).toEqual({ name, library });
  });

  it('that is too old is refused, saying what to do', () => {
    const old = () => parseVersion(printed('4.2.7-nvidia', PRINTED['4.2.7-nvidia']));
    expect(old).toThrow('ffmpeg 4.2.7-nvidia is too old: install 4.4 or newer');
  });

  it('of what is no FFmpeg is refused', () => {
    expect(() => parseVersion('avconv version 12\n')).toThrow('is not FFmpeg');
  });
});

describe('arguments', () => {
  const RTSP = ['-rtsp_transport', 'tcp', '-timeout', '5000000', '-i', 'rtsp://camera/'];
  const HLS = ['-fps_mode', 'passthrough', '-f', 'hls', '-hls_segment_options', 'movflags=+frag_discont'];
  const SOUND = [
    '-filter_complex',
    '[a]alimiter=limit=0.97:level=0:latency=1[s];[b]alimiter=limit=1:latency=1,volume=2',
  ];

  it.each([[59, 27] as const, [61, 7] as const])('stay as they are from 5.1 on (%i.%i)', (...library) => {
    for (const args of [RTSP, HLS, SOUND]) expect(fitted(args, library)).toEqual(args);
  });

  it('are those of 4.4 where that is installed', () => {
    expect(fitted(RTSP, [58, 76])).toEqual(['-rtsp_transport', 'tcp', '-stimeout', '5000000', '-i', 'rtsp://camera/']);
    expect(fitted(HLS, [58, 76])).toEqual([
      '-vsync',
      'passthrough',
      '-f',
      'hls',
      '-hls_ts_options',
      'movflags=+frag_discont',
    ]);
    expect(fitted(SOUND, [58, 76])[1]).toBe('[a]alimiter=limit=0.97:level=0[s];[b]alimiter=limit=1,volume=2');
  });

  it('keep what is called the same outside of RTSP, and in 5.0', () => {
    const http = ['-timeout', '5000000', '-i', 'http://camera/'];
    expect(fitted(http, [58, 76])).toEqual(http);
    expect(fitted(RTSP, [59, 16])).toEqual(RTSP);
  });
});

describe('the ffmpeg of this box', () => {
  const path = process.env['PATH'];
  let dir: Awaited<ReturnType<typeof tempDir>>;

  beforeEach(async () => {
    dir = await tempDir();
    process.env['PATH'] = dir.path;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await dir[Symbol.asyncDispose]();
  });

  async function install(name: keyof typeof PRINTED): Promise<void> {
    const file = join(dir.path, 'ffmpeg');
    await writeFile(file, `#!/bin/sh\necho '${printed(name, PRINTED[name]).replaceAll('\n', "'\necho '")}'\n`);
    await chmod(file, 0o755);
  }

  it('is asked until there is one that can be used, and then no more', async () => {
    await expect(installedFfmpeg()).rejects.toThrow("can't start ffmpeg: is it installed");
    await install('4.2.7-nvidia');
    await expect(fitToFfmpeg(['-i'])).rejects.toMatchObject({ kind: 'unavailable' });
    await install('4.4.2-0ubuntu0.22.04.1');
    expect(await fitToFfmpeg(['-fps_mode', 'vfr'])).toEqual(['-vsync', 'vfr']);
    await rm(join(dir.path, 'ffmpeg'));
    expect((await installedFfmpeg()).name).toBe('4.4.2-0ubuntu0.22.04.1');
  });
});
