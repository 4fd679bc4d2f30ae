/**
 * An appliance on a disk that loses power: an ext4 file system is shut down without writing its log, so that what nobody
 * had synced is gone, and mounted again. Runs in a mount namespace of its own; tells its parent what was missing after.
 *
 * argv: an empty directory, how often.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { passingBlock } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera, arm } from '../e2e/support/watching.ts';
import { startWebhook } from '../e2e/support/webhook.ts';

export type Report = { segments: number; alerts: number; lost: string[] } | { cannotMount: string };

/** `FS_IOC_SHUTDOWN` with "without flushing the log", which is what file systems are tested with. */
const CUT =
  'import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))';
const SEGMENTS = "SELECT path || ' ' || bytes FROM segments";
const INITS = "SELECT init_path || ' ' FROM recording_sessions";
const FIRINGS = 'SELECT id FROM firings';

const [dir = '', times = '1'] = process.argv.slice(2);
const [image, disk] = [join(dir, 'image'), join(dir, 'disk')];
const dataDir = join(disk, 'data');

function run(command: string, ...args: string[]): string | undefined {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `${command}: ${error?.message ?? stderr}`;
}

const mount = () => run('mount', '-o', 'loop', image, disk);

async function cutAndLookOften(): Promise<Report> {
  const lost: string[] = [];
  let segments: readonly string[] = [];
  let alerts: readonly string[] = [];
  await using camera = await startRtspServer({ file: await passingBlock(600, 3), name: 'yard' });
  await using webhook = await startWebhook();
  for (let cut = 0; cut <= Number(times); cut += 1) {
    const at = `after cut ${cut}: `;
    await using appliance = await TestAppliance.start({ dataDir, config: { recording: { segmentSeconds: 2 } } });
    const [media, fired] = [new Set(rows(SEGMENTS)), new Set(rows(FIRINGS))];
    lost.push(...segments.filter((row) => !media.has(row)).map((row) => `${at}row ${row}`));
    lost.push(...[...media, ...rows(INITS)].filter(isBroken).map((row) => `${at}file ${row}`));
    lost.push(...alerts.filter((id) => !fired.has(id)).map((id) => `${at}alert ${id}`));
    if (cut === Number(times)) break;
    if (cut === 0) {
      const watch = await addCamera(appliance, { url: camera.url, seconds: 1, frames: 2 });
      await arm(appliance, watch, { prompt: 'something moves', label: 'movement', callbackUrl: webhook.url });
    }
    const told = webhook.alerts.length;
    await until(
      'recorded and alerted',
      () => rows(SEGMENTS).length >= segments.length + 2 && webhook.alerts.length > told,
    );
    await timer(Math.random() * 4000); // The stimulus, not a wait: the moment of the cut is what varies.
    segments = rows(SEGMENTS);
    const failure = run('python3', '-c', CUT, disk);
    if (failure !== undefined) return { cannotMount: failure };
    await appliance.kill('SIGKILL');
    alerts = webhook.alerts.map((alert) => String(alert['firing_id']));
    await until('the dead disk is let go', () => run('umount', disk) === undefined);
    lost.push(...[mount()].filter((problem) => problem !== undefined));
  }
  const { code, stdout } = await watchpost(['doctor', '--data-dir', dataDir]);
  if (code !== 0) lost.push(stdout);
  return { segments: segments.length, alerts: alerts.length, lost };
}

/** Whether the file is gone, empty, or not as long as was noted. */
function isBroken(row: string): boolean {
  const [path = '', bytes = ''] = row.split(' ');
  const size = statSync(join(dataDir, 'media', path), { throwIfNoEntry: false })?.size ?? 0;
  return size === 0 || (bytes !== '' && size !== Number(bytes));
}

function rows(sql: string): string[] {
  const database = new Database(join(dataDir, 'watchpost.db'), { readonly: true });
  try {
    return database.prepare<[], string>(sql).pluck().all();
  } finally {
    database.close();
  }
}

mkdirSync(disk);
const cannotMount = run('truncate', '-s', '1G', image) ?? run('mkfs.ext4', '-q', image) ?? mount();
const report = cannotMount === undefined ? await cutAndLookOften() : { cannotMount };
run('umount', '-l', disk);
process.send?.(report satisfies Report, () => process.disconnect());
