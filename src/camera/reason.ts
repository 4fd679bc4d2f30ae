import { Fault, type FaultKind } from '#runtime';
import type { SourceUrl } from './source-url.ts';

const KEPT_LINES = 30;

/** What the muxer says when nothing has told the picture's size in time. */
export const NO_KEYFRAME = /dimensions not set/;

type Meaning = readonly [RegExp, FaultKind, string];

/** What messages about this machine mean to a person: first match wins. */
const OURS: readonly Meaning[] = [
  [/setpriv: failed to execute/i, 'unavailable', "can't be read: is ffmpeg installed and on the PATH?"],
  [/setpriv: /i, 'internal', "can't be recorded: setpriv may not do its work; ease the service's sandbox"],
];

/** And what ffmpeg's and ffprobe's about the camera do. */
const MEANINGS: readonly Meaning[] = [
  [/\b401\b|Unauthorized/i, 'unauthorized', 'rejected the user name or password (401): correct them in url'],
  [/\b403\b|Forbidden/i, 'unauthorized', 'forbids this user the stream (403): give the user the right to view it'],
  [/\b404\b|Stream Not Found/i, 'unavailable', 'has no stream at this path (404): correct the path in url'],
  [/\b461\b|Unsupported transport/i, 'unavailable', 'refuses this transport (461): try the other of tcp and udp'],
  [/\b453\b|Not Enough Bandwidth/i, 'unavailable', 'has no connection left (453): close other viewers'],
  [/\b(5\d\d) (Server|Service|Internal|Bad Gateway)|5XX/i, 'unavailable', 'answers with a server error: restart it'],
  [/Connection refused/i, 'unavailable', 'refused the connection: nothing listens there; check host and port'],
  [
    /No route to host|Network is unreachable|Host is down/i,
    'unavailable',
    'is unreachable: check its power and network',
  ],
  [
    /resolve|Name or service not known|Temporary failure in name/i,
    'unavailable',
    'is unknown: correct its name in url',
  ],
  [
    /timed out|Connection timed|Operation not permitted/i,
    'unavailable',
    'sent nothing for 5 s: check its power and network',
  ],
  [/No such file or directory/i, 'unavailable', 'is not there: correct the path in url'],
  [/Permission denied/i, 'unavailable', "can't be read: permission denied"],
  [/No space left/i, 'unavailable', "can't be recorded: the disk is full"],
  [NO_KEYFRAME, 'unavailable', 'sent no keyframe in time: set its I-frame interval ("GOP") to 2 s'],
  [/matches no streams/i, 'unavailable', 'does not send the picture or the sound that is wanted of it'],
  [/Connection reset|Broken pipe|End of file/i, 'unavailable', 'closed the connection'],
  [
    /Invalid data found|moov atom not found/i,
    'unavailable',
    'gave no answer that is video or sound: check host, port and path in url',
  ],
];

const UNASKED = 'was not asked: its address did not come to the tool that reads it';

/** Collects a tool's stderr: the last lines, with credentials, paths and memory addresses cut out. */
export class Complaints {
  readonly #source: SourceUrl;
  #isReached = true;
  #lines: string[] = [];
  #rest = '';

  constructor(source: SourceUrl) {
    this.#source = source;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split(/[\r\n]+/);
    this.#rest = (lines.pop() ?? '').slice(-2000);
    this.#lines.push(...lines.filter((line) => line.trim() !== '').map((line) => this.#clean(line)));
    this.#lines = this.#lines.slice(-KEPT_LINES);
  }

  /** The tool ended without the camera's address: what it said is not about the camera. */
  notReached(): void {
    this.#isReached = false;
  }

  /** The last lines, oldest first, without credentials. */
  lines(): string[] {
    return this.#rest.trim() === '' ? this.#lines : [...this.#lines, this.#clean(this.#rest)];
  }

  matches(pattern: RegExp): boolean {
    return this.lines().some((line) => pattern.test(line));
  }

  /** Why the tool failed, as an error to show; `otherwise` when its messages say nothing known. */
  fault(otherwise: string): Fault {
    const errors = this.lines().filter((line) => !/\[warning\]|^\[\w+\]\s*$/.test(line));
    for (const [pattern, kind, meaning] of this.#isReached ? [...OURS, ...MEANINGS] : OURS) {
      if (errors.some((line) => pattern.test(line))) return this.faultOf(kind, meaning);
    }
    const last = errors.at(-1);
    const what = this.#isReached ? otherwise : UNASKED;
    return this.faultOf('unavailable', last === undefined ? what : `${what} (${last})`);
  }

  faultOf(kind: FaultKind, meaning: string): Fault {
    return new Fault(kind, `${this.#source.place} ${meaning}`);
  }

  #clean(line: string): string {
    return this.#source
      .hide(line)
      .replace(/ @ 0x[0-9a-f]+/g, '')
      .slice(0, 500);
  }
}
