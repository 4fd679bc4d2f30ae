import { open, statfs } from 'node:fs/promises';
import { Fault } from '#runtime';

/** Type numbers of `statfs(2)`. 9p stays out: virtual machines offer disks of their host by it. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

/** As in `statfs(2)`; what `node:fs` gives is more. */
export type FileSystemOf = (dir: string) => Promise<{ type: number; bsize: number; bavail: number; blocks: number }>;

/** The kind of network file system that holds the directory; undefined for a local disk. */
export async function networkKind(dir: string, fileSystemOf: FileSystemOf = statfs): Promise<string | undefined> {
  const { type } = await fileSystemOf(dir);
  return NETWORK.get(type >>> 0);
}

/** Throws `refused` where the database would lie on another machine: its locks and its shared memory don't work there. */
export async function refuseNetwork(dir: string, fileSystemOf: FileSystemOf = statfs): Promise<void> {
  const kind = await networkKind(dir, fileSystemOf);
  if (kind === undefined) return;
  throw new Fault(
    'refused',
    `dataDir: ${dir} is on a network file system (${kind}), where a database gets damaged: ` +
      'use a directory on a local disk; only media/ in it may be mounted from elsewhere',
  );
}

/** Throws `unavailable` unless so many bytes can be written without touching the part of the disk that stays free. */
export async function demandRoom(
  dir: string,
  bytes: number,
  reservePercent: number,
  fileSystemOf: FileSystemOf = statfs,
): Promise<void> {
  const { bsize, bavail, blocks } = await fileSystemOf(dir);
  const room = bsize * (bavail - (blocks * reservePercent) / 100);
  if (room >= bytes) return;
  throw new Fault(
    'unavailable',
    `no room for a copy of the database: ${megabytes(bytes)} MB are needed, ${megabytes(Math.max(0, room))} are there; ` +
      `free some space in ${dir}`,
  );
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);

/** What was written is on disk when this resolves. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
