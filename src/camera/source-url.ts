import { fileURLToPath } from 'node:url';
import type { CameraFacts } from '#domain';
import { Fault } from '#runtime';

const SCHEMES = ['rtsp', 'rtsps', 'rtmp', 'rtmps', 'http', 'https'];
const IO_TIMEOUT_US = '5000000';

/**
 * The address when it is one that ffmpeg may be given. Throws `invalid` otherwise; the message never repeats the
 * address, which may hold a password.
 */
export function checkSourceUrl(url: string, options: { allowFile: boolean }): URL {
  const schemes = options.allowFile ? [...SCHEMES, 'file'] : SCHEMES;
  if (/[\s\p{Cc}|]/u.test(url)) throw invalid('has a space, a control character or "|": percent-encode it');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'file' && !options.allowFile) throw invalid('is a file: set ingest.allowFile to record from files');
  if (scheme === undefined || !schemes.includes(scheme)) {
    throw invalid(`must begin with one of ${schemes.map((name) => `${name}://`).join(' ')}`);
  }
  if (!URL.canParse(url))
    throw invalid('is malformed: percent-encode special characters in the user name and password');
  const parsed = new URL(url);
  if (scheme === 'file') checkFile(parsed);
  else if (parsed.hostname === '') throw invalid('names no host: write rtsp://user:password@host/path');
  return parsed;
}

function checkFile(url: URL): void {
  if (url.hostname !== '') throw invalid('is a file on another host: write file:///path');
  try {
    fileURLToPath(url);
  } catch {
    throw invalid('is not a valid file path: write file:///path');
  }
}

function invalid(problem: string): Fault {
  return new Fault('invalid', `url ${problem}`);
}

export type SourceTransport = CameraFacts['transport'];

export function transportOf(url: URL, wanted: 'tcp' | 'udp'): SourceTransport {
  if (url.protocol.startsWith('rtsp')) return wanted;
  if (url.protocol.startsWith('rtmp')) return 'rtmp';
  return url.protocol === 'file:' ? 'file' : 'http';
}

/** The input options of ffmpeg and ffprobe that depend on where the source is; a redirect or a playlist can't leave them. */
export function inputOptions(transport: SourceTransport): string[] {
  switch (transport) {
    case 'tcp':
    case 'udp':
      return [
        ['-protocol_whitelist', 'rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto'],
        ['-rtsp_transport', transport, '-timeout', IO_TIMEOUT_US],
      ].flat();
    case 'rtmp':
      return ['-protocol_whitelist', 'rtmp,rtmps,tcp,tls,crypto', '-rw_timeout', IO_TIMEOUT_US];
    case 'http':
      return ['-protocol_whitelist', 'http,https,httpproxy,tcp,tls,crypto', '-rw_timeout', IO_TIMEOUT_US];
    case 'file':
      return ['-protocol_whitelist', 'file'];
  }
}

/** What stands after `-i`: ffmpeg takes a file's path as it is, not percent-encoded. */
export function inputAddress(url: URL): string {
  return url.protocol === 'file:' ? `file:${fileURLToPath(url)}` : url.href;
}
