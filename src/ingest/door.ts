import { createServer, type Server, type Socket } from 'node:net';
import type { Publisher } from './publication.ts';
import type { NewSession, Session, SessionOptions } from './session.ts';

/** A connection that has shown no key by then is closed. */
const KEY_WITHIN_MS = 10_000;
/** More without a key at once are too many: the oldest goes. */
const MOST_WITHOUT_KEY = 32;

/** Nobody who sends has so many answers waiting, but who doesn't read them. */
const MOST_UNREAD = 256 * 1024;

/** One port: connections become sessions, and what any of them does wrong ends it and no other. */
export class Door<P extends Publisher> implements AsyncDisposable {
  readonly #server: Server;
  readonly #newSession: NewSession<P>;
  readonly #options: SessionOptions<P>;
  readonly #sockets = new Set<Socket>();
  readonly #strangers = new Map<Socket, NodeJS.Timeout>();

  private constructor(newSession: NewSession<P>, options: SessionOptions<P>) {
    this.#newSession = newSession;
    this.#options = options;
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#welcome(socket));
  }

  /** Port 0: any that is free. Throws when the port can't be had. */
  static async open<P extends Publisher>(
    at: { host: string; port: number },
    newSession: NewSession<P>,
    options: SessionOptions<P>,
  ): Promise<Door<P>> {
    const door = new Door(newSession, options);
    await new Promise<void>((resolve, reject) => {
      door.#server.once('error', reject);
      door.#server.listen(at, () => {
        door.#server.off('error', reject);
        resolve();
      });
    });
    door.#server.on('error', () => undefined); // Of one connection that couldn't be accepted.
    return door;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #welcome(socket: Socket): void {
    const session = this.#newSession(socket, this.#options);
    this.#sockets.add(socket);
    this.#mistrust(socket);
    socket.on('data', (data: Buffer) => this.#take(socket, session, data));
    socket.on('error', () => undefined); // `close` comes next.
    socket.on('close', () => {
      this.#trust(socket);
      this.#sockets.delete(socket);
      session.closed();
    });
  }

  #take(socket: Socket, session: Session, data: Buffer): void {
    if (socket.destroyed || socket.writableEnded) return;
    try {
      session.take(data);
      if (this.#options.readKey === undefined && socket.writableLength > MOST_UNREAD) socket.destroy();
      if (session.letIn) this.#trust(socket);
    } catch {
      socket.destroySoon(); // What it was answered still goes.
    }
  }

  #mistrust(socket: Socket): void {
    this.#strangers.set(
      socket,
      setTimeout(() => socket.destroy(), KEY_WITHIN_MS),
    );
    const [oldest] = this.#strangers.keys();
    if (oldest && this.#strangers.size > MOST_WITHOUT_KEY) oldest.destroy();
  }

  #trust(socket: Socket): void {
    clearTimeout(this.#strangers.get(socket));
    this.#strangers.delete(socket);
  }
}
