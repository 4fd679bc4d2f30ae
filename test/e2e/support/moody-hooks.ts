import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { portOf } from './ports.ts';

/** `away`: nobody listens. `hangs`: takes what comes and doesn't answer. `fails`: answers 500. */
export type Mood = 'well' | 'away' | 'hangs' | 'fails';

/** One message that a hook said it has taken. */
export interface Taken {
  url: string;
  key: string;
  body: Record<string, unknown>;
}

/** Some webhook receivers, each on a port of its own, that are all of one mood. */
export class MoodyHooks implements AsyncDisposable {
  /** In the order in which they came. */
  readonly taken: Taken[] = [];
  /** Messages that came and were not taken, by the mood. */
  readonly missed: Record<Mood, number> = { well: 0, away: 0, hangs: 0, fails: 0 };
  readonly #servers: { server: Server; port: number }[] = [];
  #mood: Mood = 'well';

  static async start(count: number): Promise<MoodyHooks> {
    const hooks = new MoodyHooks();
    for (let n = 0; n < count; n += 1) {
      const server = createServer((request, response) => void hooks.#answer(request, response));
      await listening(server, 0);
      hooks.#servers.push({ server, port: portOf(server.address()) });
    }
    return hooks;
  }

  get urls(): string[] {
    return this.#servers.map(({ port }) => `http://127.0.0.1:${port}/hook`);
  }

  /** Whoever waits for an answer is cut off. */
  async become(mood: Mood): Promise<void> {
    const before = this.#mood;
    this.#mood = mood;
    for (const { server, port } of this.#servers) {
      if (before === 'hangs') server.closeAllConnections();
      if (mood === 'away' && before !== 'away') await closed(server);
      if (mood !== 'away' && before === 'away') await listening(server, port);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.become('away');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = `http://${request.headers.host}${request.url}`;
    const body: unknown = await json(request).catch(() => undefined);
    const key = String(request.headers['idempotency-key']);
    if (this.#mood === 'well' && typeof body === 'object' && body !== null) {
      this.taken.push({ url, key, body: { ...body } });
      response.writeHead(204).end();
      return;
    }
    this.missed[this.#mood] += 1;
    if (this.#mood === 'fails') response.writeHead(500).end();
  }
}

async function listening(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
