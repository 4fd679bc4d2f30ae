import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { joined } from '#hearing';
import { noise } from '../hearing/sound.ts';

/** A keyframe a second, and someone talks all the time: syllables, so that it is no fan. */
export function talkingVideo(dir: string, seconds: number): string {
  const [pcm, file] = [join(dir, 'talk.pcm'), join(dir, 'talking.mp4')];
  const syllable = joined([noise(200, -20), noise(50, -60)]);
  writeFileSync(pcm, joined(Array.from({ length: seconds * 4 }, () => syllable)));
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=320x240:rate=10:duration=${seconds}`];
  const sound = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', pcm, '-c:a', 'aac'];
  const options = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-bf', '0'];
  execFileSync('ffmpeg', ['-loglevel', 'error', ...picture, ...sound, ...options, file]);
  return pathToFileURL(file).href;
}
