import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Fault } from '#runtime';

export type Resolve = (
  host: string,
  options: { all: true },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** Link-local (clouds tell machines their secrets there), nobody's, everybody's. */
const FORBIDDEN = listOf([
  '0.0.0.0/8',
  '100.100.100.200/32',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '::/128',
  'fd00:ec2::254/128',
  'fe80::/10',
  'ff00::/8',
]);

/**
 * Whether messages may go to the IP address. The box itself and the network around it are where receivers usually are.
 * Node's lists know IPv4 addresses within IPv6 ones.
 */
export function mayPostTo(address: string): boolean {
  return !FORBIDDEN.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** What is said to whoever named such an address. */
export function forbidden(): Fault {
  return new Fault('refused', 'messages are not sent to link-local, multicast or unspecified addresses');
}

/**
 * Looks a name up as a connection is made, and gives out only addresses that may be posted to: a name that leads
 * elsewhere a moment later is asked about again. Names that are IP addresses never come here.
 */
export function guardedLookup(resolve: Resolve = lookup): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 0);
      const allowed = found.filter(({ address }) => mayPostTo(address));
      const [first] = allowed;
      if (!first) return done(forbidden(), '', 0);
      if (options.all) return done(null, allowed);
      return done(null, first.address, first.family);
    });
  };
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), isIP(net) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
