import { Fault, runApart } from '#runtime';

/** A camera that answers nothing for so long is not there, or its firewall is. */
const SILENCE_MS = 5000;
const LONGEST_MS = 30_000;

/** What a camera can be asked for; the smallest serves best as the one that models look at. */
export interface OnvifStream {
  /** As the camera calls it. */
  name: string;
  /** Without user and password. */
  url: string;
  /** `h264`, `h265`, `jpeg`; empty where it is not told. */
  codec: string;
  /** 0 where it is not told, as with the others. */
  width: number;
  height: number;
  fps: number;
  kbps: number;
}

export interface OnvifQuestion {
  hostname: string;
  port: number;
  path: string;
  useSecure: boolean;
  username: string;
  password: string;
  timeout: number;
}

export type OnvifAnswer = { streams: OnvifStream[] } | { problem: string };

/**
 * The streams of a camera as it tells them over ONVIF, the largest picture first. `address` is
 * `onvif://user:password@host[:port][/path]`, or `onvifs://` over TLS with whatever certificate the camera has. Throws
 * `invalid` for another address, `unauthorized` when the camera refuses the user, and `unavailable` when it doesn't answer.
 */
export async function onvifStreams(address: string, signal: AbortSignal): Promise<OnvifStream[]> {
  const message = { ...questionOf(address) };
  const script = { name: 'onvif-process', beside: import.meta.url };
  // Only onvif-process.ts answers here.
  const answer = (await runApart(script, [], { signal, timeoutMs: LONGEST_MS, message })) as OnvifAnswer | undefined;
  if (answer === undefined)
    throw new Fault('unavailable', 'the camera did not answer over ONVIF in a way to be understood');
  if ('problem' in answer) throw faultOf(answer.problem);
  if (answer.streams.length === 0) throw new Fault('unavailable', 'the camera tells of no stream over ONVIF');
  return answer.streams.sort((a, b) => b.width * b.height - a.width * a.height || b.kbps - a.kbps);
}

function questionOf(address: string): OnvifQuestion {
  const useSecure = /^onvifs:/i.test(address);
  // Only addresses of HTTP are taken apart as one expects.
  const web = address.replace(/^onvif/i, 'http');
  if (web === address || !URL.canParse(web)) throw malformed();
  const { hostname, port, pathname, username, password } = new URL(web);
  return {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (useSecure ? 443 : 80) : Number(port),
    path: pathname === '/' ? '/onvif/device_service' : pathname,
    useSecure,
    username: plain(username),
    password: plain(password),
    timeout: SILENCE_MS,
  };
}

function plain(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw malformed();
  }
}

function malformed(): Fault {
  return new Fault(
    'invalid',
    'url must be onvif://user:password@host, with special characters in the user name and password percent-encoded',
  );
}

/** What the camera itself said stays here: it may be anything. */
function faultOf(problem: string): Fault {
  if (/not\s?authorized|unauthorized|authentication|\b401\b|sender/i.test(problem)) {
    const remedy = 'many cameras have a user of their own for ONVIF, which is made in their settings';
    return new Fault('unauthorized', `the camera refused this user and password over ONVIF: ${remedy}`);
  }
  return new Fault(
    'unavailable',
    'the camera does not answer over ONVIF: switch it on in its settings, and check the port',
  );
}
