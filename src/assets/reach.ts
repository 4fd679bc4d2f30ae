import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { Fault } from '#runtime';

/** How near to the box an address is: the whole internet, the network around it, the box itself, what only machines ask. */
const REACHES = ['public', 'private', 'own', 'link-local'] as const;
export type Reach = (typeof REACHES)[number];

const LISTS: [Reach, BlockList][] = [
  ['link-local', listOf(['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128'])],
  ['own', listOf(['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'])],
  ['private', listOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'])],
];

/**
 * Where an address leads: of a name's addresses the nearest counts. Throws `unavailable` when the name is unknown. A
 * name may lead elsewhere a moment later; what comes back must still be media to be of any use.
 */
export async function reachOf({ hostname }: URL): Promise<Reach> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) return reachOfIp(host);
  const found = await lookup(host, { all: true }).catch((error: unknown) => {
    throw new Fault('unavailable', 'url: the server can not be reached: nobody knows its name', { cause: error });
  });
  const reaches = found.map(({ address }) => REACHES.indexOf(reachOfIp(address)));
  return REACHES[Math.max(0, ...reaches)] ?? 'public';
}

/**
 * Throws `refused` for an address that nobody may fetch from, or that a server further away has no business to lead to:
 * a file from the internet can't make the box ask its own network.
 */
export function demandReach(target: Reach, from: Reach): void {
  if (target === 'link-local') throw new Fault('refused', 'url: link-local addresses are not fetched from');
  if (REACHES.indexOf(target) > REACHES.indexOf(from)) {
    throw new Fault('refused', "url: the server redirected into this box's own network; give the final address");
  }
}

/** Node's lists know IPv4 addresses within IPv6 ones. */
function reachOfIp(address: string): Reach {
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  return LISTS.find(([, list]) => list.check(address, family))?.[0] ?? 'public';
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), isIP(net) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
