import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs ffmpeg to its end and gives what it wrote to standard output. */
export async function ffmpeg(...args: string[]): Promise<Buffer> {
  const argv = ['-nostdin', '-hide_banner', '-loglevel', 'error', ...args];
  const { stdout } = await run('ffmpeg', argv, { encoding: 'buffer', maxBuffer: 512 * 1024 * 1024 });
  return stdout;
}

/** What ffprobe makes of a file or address: its duration in seconds, as it reads it from all of it. */
export async function probeDuration(source: string): Promise<number> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'json', source]);
  const answer: { format: { duration: string } } = JSON.parse(stdout);
  return Number(answer.format.duration);
}

/** Pictures as grey bytes, `width × height` each. */
export function greyFrames(raw: Buffer, width: number, height: number): Buffer[] {
  const size = width * height;
  return Array.from({ length: Math.floor(raw.length / size) }, (_, i) => raw.subarray(i * size, (i + 1) * size));
}
