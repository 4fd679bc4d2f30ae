import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '#runtime';
import { type ProcessEntry, processTable, processTree } from './processes.ts';
import { type TempDir, tempDir } from './temp-dir.ts';
import { until } from './waiting.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const KEY = 'sk-test-key-of-the-end-to-end-tests';

export interface ApplianceOptions {
  /** Kept when given; else a fresh one that ends with the appliance. */
  dataDir?: string;
  /** As in the YAML file; nothing is fetched from the network unless it says so. */
  config?: Record<string, unknown>;
  /** Default: debug, to see that no secret is in there. */
  logLevel?: string;
  /** Return at once instead of when it serves. */
  whenServing?: boolean;
  /** Beside the test's own environment. */
  env?: Record<string, string>;
  /** Default: one the system picks. */
  port?: number;
  /** Runs in this network namespace, and is reached at this address of it. */
  at?: { namespace: string; address: string };
}

/** A `watchpost run` in its own process, and a client of its HTTP port. */
export class TestAppliance implements AsyncDisposable {
  readonly key = KEY;
  readonly dataDir: string;
  /** The file of its configuration, to be written anew. */
  readonly configFile: string;
  readonly ended: Child['ended'];
  #child: Child;
  #own: TempDir;
  #output = '';
  readonly #address: string | undefined;

  private constructor(child: Child, dataDir: string, own: TempDir, address?: string) {
    this.#address = address;
    this.#child = child;
    this.#own = own;
    this.dataDir = dataDir;
    this.configFile = join(own.path, 'watchpost.json');
    this.ended = child.ended;
    for (const stream of [child.process.stdout, child.process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
  }

  static async start(options: ApplianceOptions = {}): Promise<TestAppliance> {
    const own = await tempDir();
    const dataDir = options.dataDir ?? join(own.path, 'data');
    const config = join(own.path, 'watchpost.json');
    await writeFile(config, JSON.stringify({ name: 'test box', models: { autoFetch: false }, ...options.config }));
    const { at } = options;
    const listen = `${at ? '0.0.0.0' : '127.0.0.1'}:${options.port ?? 0}`;
    const argv = ['run', '--config', config, '--data-dir', dataDir, '--listen', listen];
    const settings = { WATCHPOST_API_KEY: KEY, WATCHPOST_PROVIDERS: 'cpu', LOG_LEVEL: options.logLevel ?? 'debug' };
    const env = { ...process.env, ...settings, ...options.env };
    const inside = at ? ['ip', 'netns', 'exec', at.namespace] : [];
    const [program = '', ...rest] = [...inside, process.execPath, MAIN, ...argv];
    const child = await Child.start(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
      graceMs: 15_000,
    });
    const appliance = new TestAppliance(child, dataDir, own, at && `http://${at.address}:${options.port ?? 0}`);
    try {
      if (options.whenServing ?? true) await appliance.serving();
      return appliance;
    } catch (error) {
      await appliance[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.running;
  }

  /** Everything it wrote to standard output and standard error. */
  get output(): string {
    return this.#output;
  }

  /** Where it serves; known once `serving()` has resolved. */
  get url(): string {
    if (this.#address !== undefined) return this.#address;
    const url = /"url":"(http:\/\/127\.0\.0\.1:\d+)"[^\n]*"watchpost is running"/.exec(this.#output)?.[1];
    if (!url) throw new Error(`not serving yet:\n${this.#output.slice(-4000)}`);
    return url;
  }

  async serving(): Promise<void> {
    await until('the appliance serves', () => {
      if (!this.running) return true;
      return this.#output.includes('"watchpost is running"') && this.url !== '';
    });
    if (!this.running) throw new Error(`the appliance ended at once:\n${this.#output}`);
  }

  /** Signals the appliance alone, as the kernel or an operator would; what it started must cope. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    process.kill(this.pid, signal);
    await this.ended;
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(new URL(path, this.url), {
      method,
      headers: {
        'x-access-token': KEY,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** The `data` of a successful answer; `T` is what the route is documented to give. */
  async data<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.request(method, path, body);
    const text = await response.text();
    const answer: unknown = JSON.parse(text);
    if (!response.ok || typeof answer !== 'object' || answer === null || !('data' in answer))
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    // The caller names the shape; a wrong one fails its assertions.
    return answer.data as T;
  }

  /** Stops it in the ordinary way and makes sure that nothing of it is left on the machine. */
  async [Symbol.asyncDispose](): Promise<void> {
    const tree = await processTree(this.pid);
    if (this.running) {
      process.kill(this.pid, 'SIGTERM');
      await Promise.race([this.ended, once(AbortSignal.timeout(15_000), 'abort')]);
    }
    await this.#child[Symbol.asyncDispose]();
    const left = (await processTable()).filter((entry) =>
      tree.some(({ pid, argv }) => sameProcess({ pid, argv }, entry)),
    );
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    await this.#own[Symbol.asyncDispose]();
  }
}

function sameProcess(a: Pick<ProcessEntry, 'pid' | 'argv'>, b: Pick<ProcessEntry, 'pid' | 'argv'>): boolean {
  return a.pid === b.pid && a.argv.join('\0') === b.argv.join('\0');
}
