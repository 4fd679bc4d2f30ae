import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hubLayout } from './hub-layout.ts';

export const COMMIT = 'c0ffee'.padEnd(40, '0');

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const gitHash = (content: Buffer) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

export interface Hub extends AsyncDisposable {
  url: string;
  /** `GET path` and `HEAD path`, in order. */
  asked: string[];
  files: Record<string, Buffer>;
  /** What `main` is. */
  commit: string;
  /** What earlier commits held. */
  earlier: Record<string, Record<string, Buffer>>;
  /** May answer instead; true when it did. */
  instead: (request: IncomingMessage, response: ServerResponse, name: string) => boolean;
}

/** Answers as huggingface.co does: large files lead elsewhere and say their SHA-256, small ones lead to where their tag is git's hash. */
export async function serveHub(layout = hubLayout()): Promise<Hub> {
  const files = Object.fromEntries(Object.entries(layout).map(([name, content]) => [name, Buffer.from(content)]));
  const hub: Omit<Hub, 'url' | typeof Symbol.asyncDispose> = {
    asked: [],
    files,
    commit: COMMIT,
    earlier: {},
    instead: () => false,
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    hub.asked.push(`${request.method} ${path}`);
    const [, kind = '', revision = '', name = ''] = /\/(resolve|cdn|cache)\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const commit = revision === 'main' ? hub.commit : revision;
    const content = (commit === hub.commit ? hub.files : hub.earlier[commit])?.[name];
    if (hub.instead(request, response, name)) return;
    if (!content) response.writeHead(404).end();
    else if (kind === 'resolve' && name.endsWith('.onnx')) {
      const linked = { 'x-linked-etag': `"${sha256(content)}"`, 'x-linked-size': content.length };
      response.writeHead(302, { ...linked, location: `/cdn/${commit}/${name}`, 'x-repo-commit': commit }).end();
    } else if (kind === 'resolve') {
      response.writeHead(307, { location: `/cache/${commit}/${name}`, 'x-repo-commit': commit }).end();
    } else {
      const headers = { etag: `W/"${gitHash(content)}"`, 'content-length': content.length };
      response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : content);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return Object.assign(hub, {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
