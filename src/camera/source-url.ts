import { fileURLToPath } from 'node:url';
import type { CameraFacts } from '#domain';
import { Fault, redactCredentials } from '#runtime';
import { HANDED_OVER, Handover } from './handover.ts';

const SCHEMES = ['rtsp', 'rtsps', 'rtmp', 'rtmps', 'http', 'https'];
const IO_TIMEOUT_US = '5000000';

/** Where a source is. It holds its password, and gives it to nobody but the process that is to read the source. */
export class SourceUrl {
  readonly #url: URL;

  constructor(url: URL) {
    this.#url = url;
  }

  /** As in `URL`: with a colon. */
  get protocol(): string {
    return this.#url.protocol;
  }

  /** What a message may call it: without credentials, path or query, which may hold secrets too. */
  get place(): string {
    return this.protocol === 'file:' ? 'the file' : `the camera at ${this.#url.host}`;
  }

  /** The text without what of it should not be shown. */
  hide(line: string): string {
    const { username, password, pathname, search, host } = this.#url;
    let text = redactCredentials(line.replace(HANDED_OVER, `$1://${host}/…`));
    for (const secret of [password, decoded(password), username, decoded(username)]) {
      if (secret.length > 2) text = text.replaceAll(secret, '***');
    }
    const way = pathname + search;
    // What shows a key of the camera or, of a stream that is sent to the box, the key by which this machine reads it.
    if (this.protocol !== 'file:' && way.length > 2)
      for (const one of [way, decoded(way)]) text = text.replaceAll(one, '/…');
    return text;
  }

  /** On its way to the process that reads it. RTMP knows no redirect: where it can't be listed, everybody can see it. */
  handOver(refused: () => void): Promise<Handover> {
    if (this.protocol === 'file:') return Promise.resolve(Handover.openly(`file:${fileURLToPath(this.#url)}`));
    if (this.isRtmp) return Promise.resolve(Handover.openly(this.#url.href));
    return Handover.open(this.#url, refused);
  }

  get isRtmp(): boolean {
    return this.protocol.startsWith('rtmp');
  }

  /**
   * A list of which it is all, for ffmpeg's reader of such; with the input options in it, as that reader passes none on.
   */
  listed(options: Readonly<Record<string, string>>): string {
    const lines = Object.entries(options).map(([name, value]) => `option ${name.slice(1)} ${value}\n`);
    return `ffconcat version 1.0\nfile '${this.#url.href.replaceAll("'", "'\\''")}'\n${lines.join('')}`;
  }
}

/**
 * The address when it is one that ffmpeg may be given. Throws `invalid` otherwise; the message never repeats the
 * address, which may hold a password.
 */
export function checkSourceUrl(url: string, options: { allowFile: boolean }): SourceUrl {
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
  return new SourceUrl(parsed);
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

export function transportOf({ protocol }: SourceUrl, wanted: 'tcp' | 'udp'): SourceTransport {
  if (protocol.startsWith('rtsp')) return wanted;
  if (protocol.startsWith('rtmp')) return 'rtmp';
  return protocol === 'file:' ? 'file' : 'http';
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
      return ['-protocol_whitelist', 'pipe,rtmp,rtmps,tcp,tls,crypto', '-rw_timeout', IO_TIMEOUT_US];
    case 'http':
      return ['-protocol_whitelist', 'http,https,httpproxy,tcp,tls,crypto', '-rw_timeout', IO_TIMEOUT_US];
    case 'file':
      return ['-protocol_whitelist', 'file'];
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
