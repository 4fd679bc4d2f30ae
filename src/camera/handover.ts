import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Fault, messageOf } from '#runtime';
import { isCalledBy } from './peer.ts';

const HOST = '127.0.0.1';
const PATH = '/handover/';
/** A request of ffmpeg's has a tenth of it. */
const MOST_BYTES = 4096;
const REQUEST_MS = 5000;
const MOST_CONNECTIONS = 32;

/** An address as it stands in an argument list. */
export const HANDED_OVER = new RegExp(`\\b(rtsp|http)://${HOST.replaceAll('.', '\\.')}:\\d+${PATH}[\\w-]+`, 'g');

interface Door {
  server: Server;
  target: string;
  refused: () => void;
}

/**
 * An address on its way to one process, without standing in its argument list, which every user of the machine can read.
 * What stands there leads to a port of ours on loopback; the process that asks there is redirected to the address, once.
 * Nothing but that question goes through us. Somebody else who asks is not answered, and takes nothing from who should.
 * It lives until it is taken or disposed of; nobody has to hurry.
 */
export class Handover implements AsyncDisposable {
  /** For the argument list. */
  readonly address: string;
  readonly #door: Door | undefined;
  readonly #asking = new Set<Socket>();
  #pid: number | undefined;
  #isTaken = false;

  private constructor(address: string, door?: Door) {
    this.address = address;
    this.#door = door;
    door?.server.on('connection', (socket) => this.#answer(socket));
  }

  /** `refused` is told of everybody else who asks. Throws `unavailable` when no port can be had. */
  static async open(target: URL, refused: () => void = () => undefined): Promise<Handover> {
    const server = createServer();
    server.maxConnections = MOST_CONNECTIONS;
    try {
      server.listen(0, HOST);
      await once(server, 'listening');
    } catch (error) {
      throw new Fault('unavailable', `no port on ${HOST} can be had to reach a camera: ${messageOf(error)}`);
    }
    server.on('error', () => undefined); // Out of files: who asks gets no answer, and says so.
    const scheme = target.protocol.startsWith('rtsp') ? 'rtsp' : 'http';
    const token = randomBytes(24).toString('base64url');
    const { port } = server.address() as AddressInfo; // It listens on TCP.
    return new Handover(`${scheme}://${HOST}:${port}${PATH}${token}`, { server, target: target.href, refused });
  }

  /** Of an address that needs none: it stands in the argument list as it is. */
  static openly(address: string): Handover {
    const handover = new Handover(address);
    handover.#isTaken = true;
    return handover;
  }

  /** The process that may ask. */
  allow(pid: number): void {
    this.#pid = pid;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#door?.server;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#asking) socket.destroy();
    await closed;
  }

  #answer(socket: Socket): void {
    let text = '';
    this.#asking.add(socket);
    socket.on('close', () => this.#asking.delete(socket));
    socket.setTimeout(REQUEST_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (text.length > MOST_BYTES) socket.destroy();
      else if (text.includes('\r\n\r\n')) void this.#redirect(text, socket.pause());
    });
  }

  async #redirect(request: string, socket: Socket): Promise<void> {
    const [, asked = '', protocol = ''] = /^\w+ (\S+) (RTSP|HTTP)\/1\.\d\r\n/.exec(request) ?? [];
    const isOurs = asked === this.address || asked === new URL(this.address).pathname;
    if (isOurs && (await this.#mayTake(socket))) socket.end(this.#answerTo(request, protocol));
    else socket.destroy();
  }

  async #mayTake(socket: Socket): Promise<boolean> {
    const isReader = this.#pid !== undefined && (await isCalledBy(this.#pid, socket));
    if (!isReader) this.#door?.refused();
    if (!isReader || this.#isTaken) return false;
    this.#isTaken = true;
    this.#door?.server.close();
    return true;
  }

  #answerTo(request: string, protocol: string): string {
    const rest = `Location: ${this.#door?.target}\r\nContent-Length: 0\r\n\r\n`;
    const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '1';
    if (protocol === 'RTSP') return `RTSP/1.0 302 Found\r\nCSeq: ${sequence}\r\n${rest}`;
    // Lasting: who comes back to where it began, as readers of files and playlists do, goes on to where it was sent.
    return `HTTP/1.1 301 Moved Permanently\r\nConnection: close\r\n${rest}`;
  }
}
