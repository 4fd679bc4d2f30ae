import { readdir, readFile, readlink } from 'node:fs/promises';

/** One line of the process table, from /proc. */
export interface ProcessEntry {
  pid: number;
  parent: number;
  /** One letter, as in `ps`: R, S, T (stopped), Z (ended, not yet reaped) … */
  state: string;
  argv: string[];
  /** CPU seconds used by it and by its children that have ended and were reaped. */
  cpuSeconds: number;
}

/** The kernel's unit for CPU times; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export async function processTable(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(pids.map((pid) => processEntry(Number(pid))));
  return entries.filter((entry) => entry !== undefined);
}

async function processEntry(pid: number): Promise<ProcessEntry | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
    // The name, second and in brackets, may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), state: fields[0] ?? '?', argv, cpuSeconds: ticks / TICKS_PER_SECOND };
  } catch {
    return undefined; // It ended meanwhile.
  }
}

/** The process and all its descendants, it first. */
export async function processTree(root: number): Promise<ProcessEntry[]> {
  const table = await processTable();
  const tree = table.filter((entry) => entry.pid === root);
  for (const parent of tree) tree.push(...table.filter((entry) => entry.parent === parent.pid));
  return tree;
}

/** Living ffmpeg processes that record into the directory, or one below it, whoever their parent is now. */
export async function ffmpegsWithin(dir: string): Promise<ProcessEntry[]> {
  const ffmpegs = (await processTable()).filter(isLivingFfmpeg);
  const places = await Promise.all(ffmpegs.map(({ pid }) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return ffmpegs.filter((_, at) => places[at]?.startsWith(`${dir}/`));
}

/** Living ffmpeg descendants of the appliance. */
export async function ffmpegsOf(pid: number): Promise<ProcessEntry[]> {
  return (await processTree(pid)).filter(isLivingFfmpeg);
}

function isLivingFfmpeg({ argv, state }: ProcessEntry): boolean {
  return state !== 'Z' && /(^|\/)ffmpeg$/.test(argv[0] ?? '');
}
