import { existsSync } from 'node:fs';
import { Child } from '#runtime';
import { tempDir } from './temp-dir.ts';
import { until } from './waiting.ts';

/** A desktop without a screen or a loudspeaker: an X server on which something moves, and a sound server that hums. */
export interface Desktop extends AsyncDisposable {
  /** What programs of its session have in their environment. */
  env: Record<string, string>;
}

const SINKS = ['module-null-sink sink_name=speakers', 'module-null-sink sink_name=voice'];
/** A source that isn't a monitor, as a microphone is. */
const MICROPHONE = 'module-remap-source master=voice.monitor source_name=microphone';

export async function startDesktop(): Promise<Desktop> {
  const dir = await tempDir();
  const parts: Child[] = [];
  const end = async () => {
    for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
    await dir[Symbol.asyncDispose]();
  };
  const run = async (env: Record<string, string>, command: string, ...args: string[]) => {
    const whole = { ...process.env, HOME: dir.path, XDG_RUNTIME_DIR: dir.path, ...env };
    parts.push(await Child.start(command, args, { stdio: 'ignore', env: whole }));
  };
  try {
    const display = await startXServer(parts);
    const socket = `${dir.path}/native`;
    const modules = [...SINKS, MICROPHONE, `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
    const loads = modules.flatMap((module) => ['--load', module]);
    await run({}, 'pulseaudio', '-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', ...loads);
    await until('the sound server', () => existsSync(socket));
    const env = { DISPLAY: display, PULSE_SERVER: `unix:${socket}` };
    const quietly = ['-hide_banner', '-loglevel', 'error'];
    await run(env, 'ffplay', ...quietly, '-an', '-f', 'lavfi', 'testsrc2=size=320x240:rate=5');
    for (const [sink, hertz] of [
      ['speakers', 440],
      ['voice', 880],
    ] as const) {
      await run(
        env,
        'ffmpeg',
        ...quietly,
        '-re',
        '-f',
        'lavfi',
        '-i',
        `sine=${hertz}`,
        '-f',
        'pulse',
        '-device',
        sink,
        'hum',
      );
    }
    return { env, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** It picks a number that is free, and says which when it is ready. */
async function startXServer(parts: Child[]): Promise<string> {
  const args = ['-displayfd', '3', '-screen', '0', '640x480x24', '-nolisten', 'tcp'];
  const server = await Child.start('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  parts.push(server);
  let said = '';
  server.process.stdio[3]?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return await until('the X server', () => (/^\d+\n/.test(said) ? `:${said.trim()}` : undefined));
}
