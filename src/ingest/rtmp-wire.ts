import Rtmp from 'node-media-server/src/protocol/rtmp.js';

/** What a stranger may make this process hold. */
const LONGEST_COMMAND = 64 * 1024;
/** A keyframe of a large picture. */
const LONGEST_MESSAGE = 8 * 1024 * 1024;
const MOST_CHUNK_STREAMS = 16;

/** What a client asks for; throws with the words for it when it isn't let in. */
export interface RtmpAsked {
  publish(path: string): void;
  play(path: string): void;
  /** It has ended what it published. */
  unpublish(): void;
}

/** node-media-server's RTMP, within bounds, and answering a client that isn't let in with why, instead of a success. */
export class RtmpWire extends Rtmp {
  readonly #asked: RtmpAsked;
  #letIn = false;

  constructor(asked: RtmpAsked) {
    super();
    this.#asked = asked;
  }

  override packetParse(): void {
    super.packetParse();
    if (this.inPackets.size > MOST_CHUNK_STREAMS) throw new Error('it uses too many chunk streams');
  }

  override packetAlloc(): void {
    const most = this.#letIn ? LONGEST_MESSAGE : LONGEST_COMMAND;
    if (this.parserPacket.header.length > most) throw new Error('a message is too long');
    super.packetAlloc();
  }

  override controlHandler(): void {
    super.controlHandler();
    if (this.inChunkSize < 1 || this.inChunkSize > LONGEST_MESSAGE) throw new Error('its chunks have no size');
  }

  override respondPublish(): void {
    this.#letInBy(() => this.#asked.publish(this.#path()), 'NetStream.Publish.BadName');
    super.respondPublish();
  }

  override respondPlay(): void {
    this.#letInBy(() => this.#asked.play(this.#path()), 'NetStream.Play.StreamNotFound');
    super.respondPlay();
  }

  override onDeleteStream(): void {
    this.#asked.unpublish();
  }

  #letInBy(ask: () => void, code: string): void {
    try {
      ask();
      this.#letIn = true;
    } catch (error) {
      this.sendStatusMessage(this.streamId, 'error', code, error instanceof Error ? error.message : 'refused');
      throw error;
    }
  }

  #path(): string {
    const app = typeof this.streamApp === 'string' ? this.streamApp : '';
    return `${app.split('?')[0]}/${this.streamName}`;
  }
}
