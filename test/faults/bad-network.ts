import { spawnSync } from 'node:child_process';
import { messageOf } from '#runtime';

/** A network namespace with two cables to it: one that can be made bad, and one for those who look on. */
export interface BadNetwork extends Disposable {
  namespace: string;
  /** Addresses of the namespace. */
  bad: string;
  good: string;
  /** Both ways; packets are lost at random. */
  become(faults: { lossPercent: number; kbps?: number }): void;
}

/**
 * Or the reason why there can be none here. Speed is the kernel's token bucket, loss the packet filter's dice: many kernels
 * lack netem, which does both.
 */
export function badNetwork(): BadNetwork | string {
  const namespace = `wp-${process.pid}`;
  const inside = ['ip', 'netns', 'exec', namespace];
  const cable = (letter: string, net: string) => ({ near: `wp${letter}${process.pid}`, far: `wp${letter}`, net });
  const [bad, good] = [cable('b', '10.213.7'), cable('g', '10.213.8')];
  const ends = [
    { run: [] as string[], device: bad.near },
    { run: inside, device: bad.far },
  ];
  const table = `inet ${namespace}`;
  const become: BadNetwork['become'] = ({ lossPercent, kbps }) => {
    for (const { run, device } of ends) {
      const bucket = ['tbf', 'rate', `${kbps ?? 10_000_000}kbit`, 'burst', '16kb', 'latency', '2s'];
      demand([...run, 'tc', 'qdisc', 'replace', 'dev', device, 'root', ...bucket]);
      const chain = `${table} lost`;
      const rules = [
        `add table ${table}`,
        `delete table ${table}`,
        `add table ${table}`,
        `add chain ${chain} { type filter hook input priority 0; }`,
        `add rule ${chain} iifname "${device}" ${lossPercent < 100 ? `numgen random mod 100 < ${lossPercent} ` : ''}drop`,
      ];
      demand([...run, 'nft', rules.slice(0, lossPercent > 0 ? 5 : 3).join('; ')]);
    }
  };
  const end = () => {
    for (const step of [
      ['nft', `delete table ${table}`],
      ['ip', 'netns', 'delete', namespace],
    ]) {
      spawnSync(step[0] ?? '', step.slice(1));
    }
  };
  try {
    demand(['ip', 'netns', 'add', namespace]);
    demand([...inside, 'ip', 'link', 'set', 'lo', 'up']);
    for (const { near, far, net } of [bad, good]) {
      demand(['ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', namespace]);
      demand(['ip', 'address', 'add', `${net}.1/24`, 'dev', near]);
      demand(['ip', 'link', 'set', near, 'up']);
      demand([...inside, 'ip', 'address', 'add', `${net}.2/24`, 'dev', far]);
      demand([...inside, 'ip', 'link', 'set', far, 'up']);
    }
    become({ lossPercent: 0 });
  } catch (error) {
    end();
    return messageOf(error);
  }
  return { namespace, bad: `${bad.net}.2`, good: `${good.net}.2`, become, [Symbol.dispose]: end };
}

function demand([program = '', ...argv]: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${argv.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
