import { readdir, readFile, readlink } from 'node:fs/promises';
import { endianness } from 'node:os';

/** Both ends of a TCP connection on 127.0.0.1, as the end that was called sees it. */
export interface Connection {
  localPort?: number | undefined;
  remotePort?: number | undefined;
}

const LOOPBACK = endianness() === 'LE' ? '0100007F' : '7F000001';
/** The kernel's table is read piece by piece: an entry may slip through while others go. */
const TRIES = 3;

/**
 * Whether the process `pid` holds the calling end of a connection between ports of 127.0.0.1, by what the kernel says.
 * Where it hides a process's files from us, whether our own user does; where it has no such table, always.
 */
export async function isCalledBy(pid: number, connection: Connection): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const table = await readFile('/proc/self/net/tcp', 'latin1').catch(() => undefined);
    if (table === undefined) return true;
    const end = callingEnd(table, connection);
    if (!end) continue;
    const held = await socketsOf(pid);
    if (held ? held.includes(`socket:[${end.inode}]`) : end.uid === process.getuid?.()) return true;
  }
  return false;
}

function callingEnd(table: string, { localPort, remotePort }: Connection): { uid: number; inode: string } | undefined {
  if (localPort === undefined || remotePort === undefined) return undefined;
  const ends = ` ${place(remotePort)} ${place(localPort)} `;
  const [, , , , , , , uid, , inode] =
    table
      .split('\n')
      .find((line) => line.includes(ends))
      ?.trim()
      .split(/\s+/) ?? [];
  return inode === undefined ? undefined : { uid: Number(uid), inode };
}

function place(port: number): string {
  return `${LOOPBACK}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Undefined where they are not shown to us, or it has ended. */
async function socketsOf(pid: number): Promise<string[] | undefined> {
  const dir = `/proc/${pid}/fd`;
  const files = await readdir(dir).catch(() => undefined);
  return files && Promise.all(files.map((file) => readlink(`${dir}/${file}`).catch(() => '')));
}
