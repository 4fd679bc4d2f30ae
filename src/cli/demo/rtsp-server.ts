/**
 * A stand-in camera for the demo and the tests: one MP4/MOV (H.264, H.265 or JPEG video; AAC, A-law or µ-law audio)
 * served over RTSP on loopback by gst-rtsp-server, which Debian packages. It dies with this process, however that ends.
 */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Child, Fault } from '#runtime';

/** The same file from `src/` and from `dist/`: the build doesn't copy it. */
const SCRIPT = fileURLToPath(new URL('../../../src/cli/demo/rtsp_server.py', import.meta.url));
/** Debian's own Python: another one on the PATH wouldn't find the GStreamer bindings. */
const PYTHON = '/usr/bin/python3';

export interface RtspServerOptions {
  file: string;
  /** The path of the address: `rtsp://127.0.0.1:PORT/NAME`. */
  name: string;
  /** Default: one the system picks. */
  port?: number;
  user?: string;
  password?: string;
}

export interface RtspServer extends AsyncDisposable {
  /** With the credentials, when there are any. */
  url: string;
  pid: number;
}

/** Playback begins when the first client connects and all clients share it. Throws `unavailable` when it can't start. */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const { file, name, port = 0, user = '', password = '' } = options;
  const child = await Child.start(PYTHON, [SCRIPT, '--file', file, '--name', name, '--port', String(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, WATCHPOST_RTSP_USER: user, WATCHPOST_RTSP_PASSWORD: password },
    ask: '',
  });
  const listening = await readyPort(child);
  child.process.stdout?.resume();
  const credentials = user === '' ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return {
    url: `rtsp://${credentials}127.0.0.1:${listening}/${name}`,
    pid: child.pid,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function readyPort(child: Child): Promise<number> {
  const { stdout, stderr } = child.process;
  let complaints = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-1000);
  });
  if (stdout) {
    for await (const line of createInterface({ input: stdout })) {
      const port = /"port": (\d+)/.exec(line)?.[1];
      if (port !== undefined) return Number(port);
    }
  }
  await child.ended;
  throw new Fault(
    'unavailable',
    `the demo camera didn't start (needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0 and GStreamer plug-ins): ${complaints.trim()}`,
  );
}
