import { ffmpegsWithin } from '../e2e/support/processes.ts';
import type { Reel } from '../e2e/support/reel.ts';
import { WildCamera } from '../e2e/support/wild-camera.ts';

const AWAY_MS = 5000;

/** A camera on a port of its own, which goes away and comes back. */
export interface Breakable extends AsyncDisposable {
  readonly url: string;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
}

export async function breakableCamera(reel: Reel): Promise<Breakable> {
  let camera = await WildCamera.start({ reel });
  const { url } = camera;
  const port = Number(new URL(url).port);
  return {
    url,
    leave: () => camera[Symbol.asyncDispose](),
    comeBack: async () => {
      camera = await WildCamera.start({ reel, port });
    },
    [Symbol.asyncDispose]: () => camera[Symbol.asyncDispose](),
  };
}

export interface Broken {
  /** Undefined: no camera may suffer from it. */
  camera?: Breakable;
  /** Where it is recorded. */
  mediaDir?: string;
  inferencePid?: number | undefined;
}

/** What is broken, in turn; each resolves when nobody breaks anything any more. */
export const FAULTS: Readonly<
  Record<string, (broken: Required<Broken>, rest: (ms: number) => Promise<void>) => Promise<void>>
> = {
  'camera away': async ({ camera }, rest) => {
    await camera.leave();
    await rest(AWAY_MS);
    await camera.comeBack();
  },
  'ffmpeg killed': ({ mediaDir }) => signalFfmpeg(mediaDir, 'SIGKILL'),
  'models killed': async ({ inferencePid }) => signal(inferencePid, 'SIGKILL'),
  'ffmpeg hangs': ({ mediaDir }) => signalFfmpeg(mediaDir, 'SIGSTOP'),
  'models hang': async ({ inferencePid }) => signal(inferencePid, 'SIGSTOP'),
};

async function signalFfmpeg(mediaDir: string, name: NodeJS.Signals): Promise<void> {
  for (const { pid } of await ffmpegsWithin(mediaDir)) signal(pid, name);
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch {
    // It has ended by itself meanwhile.
  }
}
