import { text } from 'node:stream/consumers';
import { Child, deadline } from '#runtime';

const ANSWER_MS = 10_000;

/** A device as ffmpeg lists it. */
export interface FoundDevice {
  address: string;
  name: string;
  isDefault: boolean;
}

/** What a program prints; nothing when it isn't installed, fails, or takes too long. */
export async function outputOf(command: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  using limit = deadline(signal, ANSWER_MS);
  try {
    await using child = await Child.start(command, args, { stdio: ['ignore', 'pipe', 'ignore'], graceMs: 500 });
    child.killOn(limit.signal);
    const { stdout } = child.process;
    const printed = stdout ? await text(stdout) : '';
    return (await child.ended).code === 0 ? printed : '';
  } catch {
    signal.throwIfAborted();
    return '';
  }
}

/** What ffmpeg finds: `* microphone [Built-in Audio] (audio)`. */
export async function devicesOf(format: 'pulse' | 'v4l2', signal: AbortSignal): Promise<FoundDevice[]> {
  const printed = await outputOf('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-sources', format], signal);
  return [...printed.matchAll(/^([ *]) (\S+) \[(.*)\](?: \([^()]*\))?$/gm)].map(([, mark, address = '', name = '']) => {
    return { address, name, isDefault: mark === '*' };
  });
}
