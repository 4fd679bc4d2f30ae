import type { Outlet } from './outlet.ts';
import type { RtspFrame } from './rtsp-wire.ts';

const MOST_TRACKS = 8;
const SENDER_REPORT = 200;

/** What RTP of a track, and what RTCP belongs to it, is called on one connection. */
export interface Channels {
  rtp: number;
  rtcp: number;
}

/** Who reads, and which of the tracks on which channels. */
export interface RtspReader {
  outlet: Outlet;
  channels: ReadonlyMap<number, Channels>;
}

/**
 * What an RTSP publisher sends, on its way to those who read it: packets, of which nothing is looked at, by the tracks that
 * its session description names. The last sender report of each track is kept, by which readers bring sound and picture
 * together.
 */
export class RtspMedia {
  readonly #description: string[];
  readonly #controls: string[] = [];
  readonly #channels = new Map<number, Channels>();
  /** By channel, which track, and whether it is RTP. */
  readonly #tracks = new Map<number, { track: number; isRtp: boolean }>();
  readonly #reports = new Map<number, Buffer>();
  readonly #readers = new Set<RtspReader>();

  /** Throws for a description without tracks, or with too many. */
  constructor(description: string) {
    this.#description = description.split(/[\r\n\0]+/).map((line) => line.trim());
    for (const line of this.#description) {
      if (line.startsWith('m=')) this.#controls.push('');
      else if (line.startsWith('a=control:') && this.#controls.length > 0) {
        this.#controls[this.#controls.length - 1] = line.slice('a=control:'.length).trim();
      }
    }
    if (this.#controls.length === 0 || this.#controls.length > MOST_TRACKS) {
      throw new Error(`a session must have 1 to ${MOST_TRACKS} tracks`);
    }
  }

  /** As readers are told: tracks by their numbers, and nothing of where the publisher is. */
  get description(): string {
    let track = -1;
    const lines = this.#description.flatMap((line) => {
      if (line.startsWith('m=')) {
        track += 1;
        return [line.replace(/^m=(\w+) \d+/, 'm=$1 0'), `a=control:track${track}`];
      }
      if (line.startsWith('a=control:')) return [];
      if (line.startsWith('o=')) return ['o=- 0 0 IN IP4 127.0.0.1'];
      if (line.startsWith('c=')) return ['c=IN IP4 0.0.0.0'];
      return /^[a-z]=/.test(line) ? [line] : [];
    });
    return `${lines.join('\r\n')}\r\n`;
  }

  /** Which track a publisher means. */
  trackAt(url: string): number | undefined {
    const track = this.#controls.findIndex((control) => control !== '' && url.endsWith(control));
    if (track >= 0) return track;
    return this.#controls.length === 1 ? 0 : undefined;
  }

  /** Which track a reader means. */
  trackNamed(url: string): number | undefined {
    const track = Number(/\/track(\d)$/.exec(url)?.[1] ?? Number.NaN);
    return track < this.#controls.length ? track : undefined;
  }

  sendsOn(track: number, channels: Channels): void {
    this.#channels.set(track, channels);
    this.#tracks.set(channels.rtp, { track, isRtp: true });
    this.#tracks.set(channels.rtcp, { track, isRtp: false });
  }

  get isSetUp(): boolean {
    return this.#channels.size > 0;
  }

  /** False for what nobody can use. */
  take({ channel, bytes }: RtspFrame): boolean {
    const found = this.#tracks.get(channel);
    if (!found) return false;
    const { track, isRtp } = found;
    if (!isRtp && bytes[5] === SENDER_REPORT) this.#reports.set(track, Buffer.from(bytes));
    for (const reader of this.#readers) forward(reader, track, isRtp, bytes);
    return true;
  }

  begin(reader: RtspReader): void {
    for (const [track, report] of this.#reports) forward(reader, track, false, report);
    this.#readers.add(reader);
  }

  leave(reader: RtspReader): void {
    this.#readers.delete(reader);
  }

  letReadersGo(): void {
    for (const { outlet } of this.#readers) outlet.end();
    this.#readers.clear();
  }
}

/** On the reader's own channel; the packet isn't copied where that is the publisher's. */
function forward({ outlet, channels }: RtspReader, track: number, isRtp: boolean, bytes: Buffer): void {
  const wanted = channels.get(track);
  if (!wanted) return;
  const channel = isRtp ? wanted.rtp : wanted.rtcp;
  const own = bytes[1] === channel ? bytes : Buffer.from(bytes);
  own[1] = channel;
  outlet.send(own);
}
