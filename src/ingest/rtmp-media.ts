import Rtmp from 'node-media-server/src/protocol/rtmp.js';
import type { Outlet } from './outlet.ts';

/** The `flags` of node-media-server's packets. */
const KIND = { soundHeader: 0, pictureHeader: 2, keyframe: 3, about: 5 };
/** Without these no decoder can begin; in the order in which players want them. */
const HEADERS = [KIND.about, KIND.pictureHeader, KIND.soundHeader];

/** What an RTMP publisher sends, on its way to those who read it. Of the past only what decoders begin with is kept. */
export class RtmpMedia {
  readonly #readers = new Set<Outlet>();
  readonly #headers = new Map<number, Buffer>();

  /** False for what nobody can use. */
  take(packet: Rtmp.AvPacket): boolean {
    if (packet.size === 0) return false;
    const message = Rtmp.createMessage(packet);
    const isHeader = HEADERS.includes(packet.flags);
    if (isHeader) this.#headers.set(packet.flags, message);
    const standsAlone = isHeader || packet.flags === KIND.keyframe || !this.#headers.has(KIND.pictureHeader);
    for (const reader of this.#readers) reader.send(message, standsAlone);
    return true;
  }

  begin(reader: Outlet): void {
    for (const kind of HEADERS) {
      const header = this.#headers.get(kind);
      if (header) reader.send(header);
    }
    this.#readers.add(reader);
  }

  leave(reader: Outlet): void {
    this.#readers.delete(reader);
  }

  letReadersGo(): void {
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}
