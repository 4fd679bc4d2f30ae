import type { Socket } from 'node:net';
import type Rtmp from 'node-media-server/src/protocol/rtmp.js';
import { Outlet } from './outlet.ts';
import type { Publication, Publisher } from './publication.ts';
import { type Place, placeOf, Refusal } from './relay.ts';
import { RtmpMedia } from './rtmp-media.ts';
import { RtmpWire } from './rtmp-wire.ts';
import type { Session, SessionOptions } from './session.ts';

/** Who publishes by RTMP. */
export class RtmpPublisher implements Publisher {
  readonly media = new RtmpMedia();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get address(): string {
    return this.#socket.remoteAddress ?? '';
  }

  letReadersGo(): void {
    this.media.letReadersGo();
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** One RTMP connection, of a publisher or of a reader. */
export class RtmpSession implements Session {
  readonly #socket: Socket;
  readonly #options: SessionOptions<RtmpPublisher>;
  readonly #wire: RtmpWire;
  #published: { place: Place; publication: Publication<RtmpPublisher> } | undefined;
  #read: { media: RtmpMedia; outlet: Outlet } | undefined;
  #begins: (() => void) | undefined;

  constructor(socket: Socket, options: SessionOptions<RtmpPublisher>) {
    this.#socket = socket;
    this.#options = options;
    this.#wire = new RtmpWire({
      publish: (path) => this.#publish(path),
      play: (path) => this.#play(path),
      unpublish: () => socket.end(),
    });
    this.#wire.onOutputCallback = (data) => socket.write(data);
    this.#wire.onPacketCallback = (packet) => this.#take(packet);
    this.#wire.onPlayCallback = () => this.#begins?.();
  }

  get letIn(): boolean {
    return this.#published !== undefined || this.#read !== undefined;
  }

  take(data: Buffer): void {
    const problem = this.#wire.parserData(data);
    if (problem !== null) throw new Error(problem);
  }

  closed(): void {
    if (this.#published) this.#options.relay.leave(this.#published.place, this.#published.publication);
    this.#read?.media.leave(this.#read.outlet);
  }

  #publish(path: string): void {
    if (this.#options.readKey !== undefined || this.letIn) throw new Refusal('nothing can be published here');
    const place = placeOf(path);
    const publication = this.#options.relay.publish(place, new RtmpPublisher(this.#socket));
    this.#published = { place, publication };
  }

  #play(path: string): void {
    const media = this.#options.relay.readable(placeOf(path), this.#options.readKey).publisher.media;
    const outlet = new Outlet(this.#socket);
    this.#read = { media, outlet };
    // First it is told that it may.
    this.#begins = () => media.begin(outlet);
  }

  #take(packet: Rtmp.AvPacket): void {
    const publication = this.#published?.publication;
    if (publication?.publisher.media.take(packet)) publication.came();
  }
}
