import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';

const LISTEN = `
import socket, sys
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(ear.recv(4096).decode().strip().replace("\\n", " "), flush=True)
`;

export interface ServiceManager extends AsyncDisposable {
  /** To be put in the environment as NOTIFY_SOCKET. */
  readonly socket: string;
  /** Each message as one line, its parts joined by spaces; systemd-notify's own questions are left out. */
  readonly heard: readonly string[];
  hears(message: string): Promise<void>;
}

/** A real notify socket, as systemd has one: Node has no datagram sockets. */
export async function serviceManager(): Promise<ServiceManager> {
  const dir = await tempDir();
  const socket = join(dir.path, 'notify');
  const ear = spawn('/usr/bin/python3', ['-c', LISTEN, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard: string[] = [];
  const lines = createInterface({ input: ear.stdout });
  lines.on('line', (line) => line === 'BARRIER=1' || heard.push(line));
  const hears = async (message: string) => {
    await until(`hears ${message}`, () => heard.includes(message));
  };
  await hears('listening');
  return {
    socket,
    heard,
    hears,
    [Symbol.asyncDispose]: async () => {
      ear.kill('SIGKILL');
      await once(ear, 'close');
      await dir[Symbol.asyncDispose]();
    },
  };
}
