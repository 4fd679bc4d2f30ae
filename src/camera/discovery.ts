import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { deadline, Fault } from '#runtime';

/** Where ONVIF's cameras listen: WS-Discovery's group. */
const GROUP = { address: '239.255.255.250', port: 3702 };
const LISTEN_MS = 3000;
/** An answer over a crowded network may be lost, and so may the question. */
const AGAIN_MS = 700;
const MOST = 200;
/** Real answers have some 2 kB; what is larger is nobody's. */
const LONGEST_ANSWER = 8192;

export interface FoundCamera {
  /** The IP address that answered. */
  address: string;
  /** As the camera calls itself. */
  name?: string;
  hardware?: string;
}

export interface DiscoveryOptions {
  signal: AbortSignal;
  listenMs?: number;
  /** Ends as soon as so many have answered. */
  most?: number;
  /** Asks there, over loopback, instead of all networks. */
  to?: { address: string; port: number };
}

/**
 * The ONVIF cameras that answer within some seconds on the networks of this box, by address. What they say is anybody's
 * word. Throws `unavailable` when there is no network to ask.
 */
export async function discoverCameras(options: DiscoveryOptions): Promise<FoundCamera[]> {
  const { signal, listenMs = LISTEN_MS, most = MOST, to = GROUP } = options;
  const found = new Map<string, FoundCamera>();
  const id = `uuid:${randomUUID()}`;
  using limit = deadline(signal, listenMs);
  const enough = new AbortController();
  const done = Promise.race([once(limit.signal, 'abort'), once(enough.signal, 'abort')]);
  const opened = await Promise.allSettled((options.to ? ['127.0.0.1'] : ownAddresses()).map(open));
  const sockets = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (sockets.length === 0) throw new Fault('unavailable', 'this box has no network to look for cameras on');
  const ask = () => {
    // One network that can't be asked is no reason not to ask the others.
    for (const socket of sockets) socket.send(question(id), to.port, to.address, () => undefined);
  };
  const again = setTimeout(ask, AGAIN_MS);
  try {
    for (const socket of sockets) {
      socket
        .on('error', () => undefined)
        .on('message', (message, { address }) => {
          const camera = answerOf(message, id, address);
          if (camera && found.size < most) found.set(address, camera);
          if (found.size >= most) enough.abort();
        });
    }
    ask();
    if (!limit.signal.aborted) await done;
    signal.throwIfAborted();
  } finally {
    clearTimeout(again);
    for (const socket of sockets) socket.close();
  }
  return [...found.values()].sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }));
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

async function open(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, address);
    await once(socket, 'listening');
    socket.setMulticastInterface(address);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function question(id: string): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"',
    ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">',
    `<e:Header><w:MessageID>${id}</w:MessageID>`,
    '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>',
    '<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>',
    '<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>',
  ].join('');
}

function answerOf(message: Buffer, id: string, address: string): FoundCamera | undefined {
  if (message.length > LONGEST_ANSWER) return undefined;
  const text = message.toString('utf8');
  if (!text.includes('ProbeMatch') || !text.includes(id)) return undefined;
  const scopes = /Scopes[^>]*>([^<]*)</.exec(text)?.[1]?.split(/\s+/) ?? [];
  const [name, hardware] = ['name', 'hardware'].map((kind) => scopeOf(scopes, kind));
  return { address, ...(name ? { name } : {}), ...(hardware ? { hardware } : {}) };
}

function scopeOf(scopes: readonly string[], kind: string): string {
  const prefix = `onvif://www.onvif.org/${kind}/`;
  const value = scopes.find((scope) => scope.startsWith(prefix))?.slice(prefix.length) ?? '';
  return decoded(value)
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 100);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
