import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import type { HubTargetConfig } from '#config';
import { type BoxReport, HELLO_EVERY_MS, type ParcelHead } from '#domain';
import { type Clock, Fault, type FaultKind, retryDelays } from '#runtime';
import {
  CHUNK_BYTES,
  type Line,
  type Parcel,
  type ParcelBody,
  type Target,
  TargetOutdated,
  TargetRefusal,
} from '../target.ts';
import { Pieces } from './pieces.ts';
import { type Answer, paced, Wire } from './wire.ts';

export interface HubDeps {
  /** What the hub is told of this box. */
  report: () => Promise<BoxReport>;
  clock: Clock;
  env?: Readonly<Record<string, string | undefined>>;
}

/** Heads that are larger than this are packed. */
const PACK_BYTES = 1024;
/** One request of bytes: what was sent of it is lost when the box or the hub dies. So much that it takes a few seconds. */
const REQUEST = { firstBytes: CHUNK_BYTES, leastBytes: 64 * 1024, mostBytes: 4 * 1024 * 1024 };
const QUICK_MS = 2000;
const SLOW_MS = 10_000;
/** Other answers than those that are waited for are asked again so often, before the engine does. */
const ROUNDS = 3;
const RETRY = { firstMs: 1000, capMs: HELLO_EVERY_MS };

const pack = promisify(gzip);
const taken = z.union([
  z.object({ state: z.literal('stored') }),
  z.object({ state: z.literal('upload'), id: z.string(), offset: z.int().min(0) }),
]);
const welcome = z.object({ hub: z.object({ version: z.string() }), takes: z.array(z.string()) });
const envelope = z.object({ success: z.boolean(), message: z.string().default(''), data: z.unknown().optional() });
type Taken = z.output<typeof taken>;

/** What a hub said of itself. */
interface Greeted {
  version: string;
  isOurs: boolean;
  takes: readonly string[];
}

/**
 * Another Watchpost. It knows each parcel by its key, and of bytes how many it has: nothing is to be remembered here. The
 * hub hears of this box every minute, also when there is nothing to send.
 */
export class HubTarget implements Target, AsyncDisposable {
  readonly name: string;
  readonly takes = ['alert', 'picture', 'records', 'segment'] as const;
  readonly clipsAs = 'segments';
  readonly follows = true;
  readonly #config: HubTargetConfig;
  readonly #deps: HubDeps;
  readonly #wire: Wire;
  readonly #stop = new AbortController();
  #greeting: Promise<void> = Promise.resolve();
  /** Undefined until it is to hear of this box. */
  #hub: Greeted | undefined;
  #requestBytes = REQUEST.firstBytes;
  #mostBytes = REQUEST.mostBytes;

  private constructor(config: HubTargetConfig, deps: HubDeps) {
    this.name = config.name;
    this.#config = config;
    this.#deps = deps;
    const { caFile } = config;
    this.#wire = new Wire({ path: this.#path, caFile, clock: deps.clock, ...(deps.env ? { env: deps.env } : {}) });
  }

  static start(config: HubTargetConfig, deps: HubDeps): HubTarget {
    const hub = new HubTarget(config, deps);
    hub.#greeting = hub.#greet(hub.#stop.signal);
    return hub;
  }

  async send(parcel: Parcel, line: Line, signal: AbortSignal): Promise<void> {
    const hub = this.#hub ?? (await this.#hello(signal));
    if (!hub.takes.includes(parcel.kind)) throw this.#outdated(hub, `no ${parcel.kind} yet`);
    for (let round = 1; ; round++) {
      const state = await this.#announce(parcel, hub, line, signal);
      if (state.state === 'stored') return;
      if (!parcel.body) throw new Fault('unavailable', `${this.#path}: the hub wants bytes that there are none of`);
      if (await this.#upload(state, parcel.body, line, signal)) return;
      if (round === ROUNDS) throw new Fault('unavailable', `${this.#path}: the hub forgets what it was sent`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#greeting;
    await this.#wire[Symbol.asyncDispose]();
  }

  get #path(): string {
    return `sync.targets.${this.#config.name}`;
  }

  async #greet(signal: AbortSignal): Promise<void> {
    let delays = retryDelays(RETRY);
    while (!signal.aborted) {
      let waitMs = HELLO_EVERY_MS;
      try {
        await this.#hello(signal);
        delays = retryDelays(RETRY);
      } catch {
        waitMs = delays.next().value; // Whoever has something to send is told why.
      }
      await this.#deps.clock.sleep(waitMs, signal).catch(() => undefined); // Only rejects when aborted.
    }
  }

  async #hello(signal: AbortSignal): Promise<Greeted> {
    const report = await this.#deps.report();
    const { hub, takes } = this.#read(welcome, await this.#post('v1/edge/hello', report, signal));
    this.#hub = { version: hub.version, isOurs: hub.version === report.version, takes };
    return this.#hub;
  }

  async #announce({ body, ...head }: Parcel, hub: Greeted, line: Line, signal: AbortSignal): Promise<Taken> {
    const whole = { ...head, ...(body ? { body: { bytes: body.bytes, mediaType: body.mediaType } } : {}) };
    const answer = await this.#post('v1/edge/parcels', whole, signal, line);
    if (answer.status === 404) {
      this.#hub = undefined; // It may be a new one: hello comes first, the next time.
      throw new Fault('unavailable', `${this.#path}: ${this.#said(answer)}`);
    }
    // Others than the hub, on the way, say so, too.
    if ([400, 413].includes(answer.status) && envelope.safeParse(parsed(answer)).success) {
      if (!hub.isOurs) throw this.#outdated(hub, `this: ${this.#said(answer)}`);
      throw new TargetRefusal(`${this.#path}: ${this.#said(answer)}`);
    }
    return this.#read(taken, answer);
  }

  /** False when the hub knows nothing of it any more: it is announced again. */
  async #upload(
    { id, offset }: { id: string; offset: number },
    body: ParcelBody,
    line: Line,
    signal: AbortSignal,
  ): Promise<boolean> {
    using pieces = new Pieces(body.open(offset));
    for (let at = offset; at < body.bytes; ) {
      const bytes = Math.min(this.#requestBytes, body.bytes - at);
      const beganMs = this.#deps.clock.monotonicMs();
      const answer = await this.#wire
        .ask(this.#url(`v1/edge/parcels/${encodeURIComponent(id)}`), {
          method: 'PATCH',
          headers: { ...this.#headers(), 'upload-offset': String(at), 'content-type': 'application/octet-stream' },
          body: { bytes, pieces: paced(pieces.take(bytes), line) },
          signal,
        })
        .catch((error: unknown) => {
          this.#shrink();
          throw error;
        });
      if (answer.status === 413 && bytes > REQUEST.leastBytes) {
        // A proxy before the hub takes less at once.
        this.#shrink();
        this.#mostBytes = this.#requestBytes;
        return false;
      }
      if (answer.status === 404 || answer.status === 409) return false;
      const state = this.#read(taken, answer);
      this.#adapt(this.#deps.clock.monotonicMs() - beganMs);
      at += bytes;
      line.progressed(bytes);
      if (state.state === 'stored') return true;
      if (state.offset !== at) return false;
    }
    return false;
  }

  #adapt(tookMs: number): void {
    if (tookMs < QUICK_MS) this.#requestBytes = Math.min(this.#mostBytes, this.#requestBytes * 2);
    else if (tookMs > SLOW_MS) this.#shrink();
  }

  #shrink(): void {
    this.#requestBytes = Math.max(REQUEST.leastBytes, this.#requestBytes / 2);
  }

  async #post(path: string, value: ParcelHead | BoxReport, signal: AbortSignal, line?: Line): Promise<Answer> {
    const plain = Buffer.from(JSON.stringify(value));
    const isPacked = plain.byteLength > PACK_BYTES;
    const body = isPacked ? await pack(plain) : plain;
    for (let at = 0; at < body.byteLength; at += CHUNK_BYTES) {
      await line?.take(Math.min(CHUNK_BYTES, body.byteLength - at));
    }
    const packed = isPacked ? { 'content-encoding': 'gzip' } : {};
    const headers = { ...this.#headers(), ...packed, 'content-type': 'application/json' };
    return this.#wire.ask(this.#url(path), { method: 'POST', headers, body, signal });
  }

  #headers(): Record<string, string> {
    return { 'x-access-token': this.#config.token };
  }

  #url(path: string): URL {
    const { url } = this.#config;
    return new URL(path, url.endsWith('/') ? url : `${url}/`);
  }

  #outdated({ version }: Greeted, what: string): TargetOutdated {
    return new TargetOutdated(
      `${this.#path}: the hub has version ${version} and takes ${what}; give both the same version`,
    );
  }

  #read<T>(schema: z.ZodType<T>, answer: Answer): T {
    const { success, data } = schema.safeParse(this.#dataOf(answer));
    if (success) return data;
    throw new Fault('unavailable', `${this.#path}: the hub’s answer is none that this version knows`);
  }

  /** Throws what the hub's answer means when it is no success. */
  #dataOf(answer: Answer): unknown {
    this.#wire.demandTime(answer);
    const read = envelope.safeParse(parsed(answer));
    if (answer.status < 300 && read.success && read.data.success) return read.data.data;
    throw new Fault(kindOf(answer.status), `${this.#path}: ${this.#said(answer)}`);
  }

  #said(answer: Answer): string {
    const read = envelope.safeParse(parsed(answer));
    const { status } = answer;
    if (!read.success) return `what answers at its address is no Watchpost of this version (${status})`;
    if (status === 401) return 'the hub doesn’t know this token: make one there (watchpost token create --scope edge)';
    return `the hub says: ${read.data.message.slice(0, 300)} (${status})`;
  }
}

function kindOf(status: number): FaultKind {
  if (status === 401) return 'unauthorized';
  return status === 403 ? 'forbidden' : 'unavailable';
}

function parsed({ body }: Answer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
