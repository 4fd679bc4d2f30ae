import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Fault, messageOf } from '#runtime';
import { RtspParts } from './rtsp-parts.ts';

const RTSP_PORT = 554;
const CONNECT_MS = 10_000;
/** Neither end has taken or given anything for so long: a device that hangs, or a box that is gone. */
const SILENCE_MS = 15_000;

export interface RelayEvents {
  /** The box takes what is sent. */
  publishing(): void;
  /** Nothing goes (any more), and why, unless ffmpeg knows; once, and nothing comes after it. */
  ended(why?: string): void;
}

/**
 * A way through this process from one ffmpeg to the box. ffmpeg knows an address of this machine only, so that the box's,
 * which holds a key, isn't seen in the list of processes; and it can't go on when this process is killed.
 */
export class Relay implements AsyncDisposable {
  readonly #target: URL;
  readonly #events: RelayEvents;
  readonly #server = createServer((near) => this.#carry(near));
  readonly #sockets = new Set<Socket>();
  /** The box's answers are told apart by the number of what was asked. */
  #recordSeq: string | undefined;
  #url = '';
  #over = false;

  private constructor(target: URL, events: RelayEvents) {
    this.#target = target;
    this.#events = events;
  }

  /** Throws `invalid` for what is no address of RTSP. */
  static async start(target: string, events: RelayEvents): Promise<Relay> {
    if (!URL.canParse(target) || new URL(target).protocol !== 'rtsp:')
      throw new Fault('invalid', 'the box gave an address that is not RTSP: is it a newer version than this client?');
    const relay = new Relay(new URL(target), events);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    const { port } = relay.#server.address() as AddressInfo; // It listens on TCP.
    relay.#url = `rtsp://127.0.0.1:${port}/live`;
    return relay;
  }

  /** Where ffmpeg publishes to. */
  get url(): string {
    return this.#url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Whether ffmpeg has got so far as to send something: its device is open. */
  get isReached(): boolean {
    return this.#sockets.size > 0;
  }

  /** The first who comes is our ffmpeg; nobody else gets in. */
  #carry(near: Socket): void {
    this.#server.close();
    const { hostname, port } = this.#target;
    const far = connect(Number(port || RTSP_PORT), hostname.replace(/^\[|\]$/g, ''));
    far.setTimeout(CONNECT_MS);
    far.once('connect', () => far.setTimeout(SILENCE_MS));
    far.once('timeout', () => this.#end(whySilent(far)));
    this.#sockets.add(near).add(far);
    far.once('error', (error) => this.#end(messageOf(error)));
    far.once('close', () => this.#end('the box ended the connection'));
    near.once('error', () => this.#end());
    near.once('close', () => this.#end());
    this.#pass(near, far, (head) => this.#asked(head));
    this.#pass(far, near, (head) => this.#answered(head));
  }

  /** Waits when the other side takes less than comes: ffmpeg then leaves out what it would have grabbed meanwhile. */
  #pass(from: Socket, to: Socket, read: (head: string) => string): void {
    const parts = new RtspParts();
    from.on('data', (chunk: Buffer) => {
      try {
        for (const part of parts.push(chunk)) {
          const bytes = 'packet' in part ? part.packet : message(read(part.head), part.body);
          if (!to.write(bytes) && !from.isPaused()) {
            from.pause();
            to.once('drain', () => from.resume());
          }
        }
      } catch (error) {
        this.#end(messageOf(error));
      }
    });
  }

  #asked(head: string): string {
    if (head.startsWith('RECORD ')) this.#recordSeq = seqOf(head);
    return head.replace(this.#url, () => this.#target.href);
  }

  #answered(head: string): string {
    const [, status = '', reason = ''] = /^RTSP\/1\.\d (\d{3}) ?([^\r\n]*)/.exec(head) ?? [];
    if (Number(status) >= 300) this.#end(`the box refused the stream: ${status} ${reason}`);
    else if (this.#recordSeq !== undefined && seqOf(head) === this.#recordSeq) this.#events.publishing();
    return head;
  }

  #end(why?: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#events.ended(why);
  }
}

function whySilent(far: Socket): string {
  if (far.connecting) return 'the box does not answer';
  return far.writableLength > 0 ? 'the box takes nothing any more' : 'nothing comes from the device';
}

function seqOf(head: string): string | undefined {
  return /^cseq: *(\d+)/im.exec(head)?.[1];
}

function message(head: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]);
}
