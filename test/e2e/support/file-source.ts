import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { portOf } from './ports.ts';

export interface FileSource extends AsyncDisposable {
  url: string;
  /** How often it was asked. */
  requests: number;
  /** Answers from now on, also those that wait. */
  release(): void;
}

/** Serves one file over HTTP, to everyone who waits until it is let to. */
export async function startFileSource(file: string): Promise<FileSource> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = createServer((_request, response) => {
    source.requests += 1;
    void released.then(() => {
      response.writeHead(200, { 'content-type': 'video/mp4' });
      createReadStream(file).pipe(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const source: FileSource = {
    url: `http://127.0.0.1:${portOf(server.address())}/yard.mp4`,
    requests: 0,
    release,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return source;
}
