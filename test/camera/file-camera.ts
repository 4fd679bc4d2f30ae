import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A camera that gives a file over HTTP, piece by piece, to who has its password; or sends everybody elsewhere. */
export class FileCamera implements AsyncDisposable {
  /** The ranges that were asked for with the password. */
  readonly asked: string[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, credentials: string) {
    const [user = '', password = ''] = credentials.split(':');
    const { port } = server.address() as AddressInfo; // It listens on TCP.
    this.url = `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/clip.mp4?a=b`;
    this.#server = server;
  }

  static async start(source: string, credentials = 'me:too'): Promise<FileCamera> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const camera = new FileCamera(server, credentials);
    const file = source.startsWith('http') ? undefined : await readFile(source);
    server.on('request', (request, response) => {
      if (file) camera.#give(file, `Basic ${btoa(credentials)}`, request, response);
      else response.writeHead(301, { location: source }).end();
    });
    return camera;
  }

  #give(file: Buffer, authorization: string, { headers }: IncomingMessage, response: ServerResponse): void {
    if (headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
      return;
    }
    const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    this.asked.push(headers.range ?? '');
    const range = `bytes ${from}-${file.length - 1}/${file.length}`;
    response.writeHead(206, { 'content-type': 'video/mp4', 'accept-ranges': 'bytes', 'content-range': range });
    response.end(file.subarray(from));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
