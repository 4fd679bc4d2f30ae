import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { VideoDbTargetConfig } from '#config';
import { type Clock, Fault } from '#runtime';
import { type Line, type ParcelBody, TargetRefusal } from '../target.ts';
import { paced, Wire, type WireOptions } from './wire.ts';

/** What a file is to become there; without a picture it is an audio. */
export interface Made {
  kind: 'video' | 'audio';
  url: string;
  name: string;
  description: string;
}

/** What a request is made for. */
export interface Errand {
  line: Line;
  signal: AbortSignal;
}

/** As long as VideoDB's own clients ask. */
const POLLS = { everyMs: 5000, forMs: 500_000 };
const PAGE = 1000;
/** Of a request beside its body. */
const HEAD_BYTES = 300;

const envelope = z.looseObject({
  success: z.boolean().optional(),
  status: z.string().optional(),
  message: z.string().optional(),
  data: z.record(z.string(), z.unknown()).nullish(),
});
/** A job's last answer may be wrapped in another one. */
const anyEnvelope = z.union([z.looseObject({ response: envelope }).transform(({ response }) => response), envelope]);
const videoList = z.array(z.looseObject({ name: z.string().nullish(), description: z.string().nullish() }));

/** VideoDB was asked, and said no: what was asked for was not done. */
export class SaidNo extends Fault {
  readonly status: number;
  constructor(message: string, status: number) {
    super(status === 401 ? 'unauthorized' : 'unavailable', message);
    this.status = status;
  }
}

/**
 * VideoDB's API as its clients speak it, so far as a clip needs it. Throws `SaidNo` for a plain no, `TargetRefusal` for
 * what is too large, `TargetBusy`, or `unavailable` where it is unknown whether anything was done. The key goes to the
 * configured server only, and into no message.
 */
export class VideoDbApi implements AsyncDisposable {
  readonly #config: VideoDbTargetConfig;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #wire: Wire;
  #collectionId: string | undefined;

  constructor(config: VideoDbTargetConfig, clock: Clock, wire: Pick<WireOptions, 'env' | 'stallMs'> = {}) {
    this.#config = config;
    this.#path = `sync.targets.${config.name}`;
    this.#clock = clock;
    this.#wire = new Wire({ path: this.#path, caFile: config.caFile, clock, ...wire });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#wire[Symbol.asyncDispose]();
  }

  /** Sends a file; returns the address under which VideoDB knows it. */
  async sendFile(body: ParcelBody, name: string, errand: Errand): Promise<string> {
    const asked = await this.#call('GET', `${await this.#collection(errand)}/upload_url?name=${name}`, errand);
    const url = this.#address(asked.data, 'upload_url');
    if (url.protocol !== 'https:' && url.protocol !== new URL(this.#config.url).protocol) {
      throw new Fault('unavailable', `${this.#path}: VideoDB wants the file without encryption: is url its address?`);
    }
    const boundary = `watchpost-${randomBytes(12).toString('hex')}`;
    const disposition = `Content-Disposition: form-data; name="file"; filename="${name}"`;
    const head = Buffer.from(`--${boundary}\r\n${disposition}\r\nContent-Type: ${body.mediaType}\r\n\r\n`);
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    async function* form() {
      yield head;
      yield* body.open();
      yield tail;
    }
    // The address is the permission; it may be anybody's, and gets no key.
    const answer = await this.#wire.ask(url, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: { bytes: head.length + body.bytes + tail.length, pieces: paced(form(), errand.line) },
      signal: errand.signal,
    });
    if (answer.status === 413) throw this.#tooLarge(body.bytes);
    this.#wire.demandTime(answer);
    if (answer.status >= 200 && answer.status < 300 && parsed(answer.body)?.success !== false) return url.href;
    const what = `the file was not taken (${answer.status}): it goes to a new address the next time`;
    throw new Fault('unavailable', `${this.#path}: ${what}`);
  }

  /** Asks for a video of a file that is there. Returns where to ask what becomes of it, unless it is a video already. */
  async makeVideo({ kind, ...video }: Made, errand: Errand): Promise<URL | undefined> {
    const to = `${await this.#collection(errand)}/upload`;
    const { status, data } = await this.#call('POST', to, errand, JSON.stringify({ ...video, media_type: kind }));
    if (status === 'processing') return this.#address(data, 'output_url');
    this.#demandMade(data);
    return undefined;
  }

  /** Resolves when the job has made a video. */
  async poll(job: URL, errand: Errand): Promise<void> {
    const untilMs = this.#clock.nowMs() + POLLS.forMs;
    for (;;) {
      const { status, data } = await this.#call('GET', job, errand);
      if (!/^(processing|in progress)$/.test(status ?? '')) return this.#demandMade(data);
      if (this.#clock.nowMs() >= untilMs) {
        throw new Fault('unavailable', `${this.#path}: VideoDB has the clip, and is not done with it yet`);
      }
      await this.#clock.sleep(POLLS.everyMs, errand.signal);
    }
  }

  /** Whether the collection has a video, or an audio, with this mark in its name or description. */
  async holds(mark: string, kind: Made['kind'], errand: Errand): Promise<boolean> {
    const collection = (await this.#collection(errand)).replace('collection/', '');
    const seen = new Set<unknown>();
    for (let page = 0; ; page += 1) {
      const query = `collection_id=${collection}&page_index=${page}&count=${PAGE}`;
      const { data } = await this.#call('GET', `${kind}?${query}`, errand);
      const { success, data: listed = [] } = videoList.safeParse(data[`${kind}s`]);
      if (!success) throw this.#odd(`names no ${kind}s`);
      if (listed.some(({ name, description }) => `${name} ${description}`.includes(mark))) return true;
      const before = seen.size;
      for (const { id } of listed) seen.add(id);
      // Servers that know no pages give the same one again.
      if (listed.length < PAGE || seen.size === before) return false;
    }
  }

  /** `collection/<its own id>`, which "default" is another name of. */
  async #collection(errand: Errand): Promise<string> {
    if (this.#collectionId !== undefined) return `collection/${this.#collectionId}`;
    const { collectionId: named } = this.#config;
    const { data } = await this.#call('GET', `collection/${encodeURIComponent(named)}`, errand).catch(
      (error: unknown) => {
        if (!(error instanceof SaidNo) || error.kind === 'unauthorized') throw error;
        const what = `VideoDB has no collection "${named}" for this key (${error.status})`;
        throw new Fault('not_found', `${this.#path}.collectionId: ${what}`, { cause: error });
      },
    );
    if (typeof data['id'] !== 'string') throw this.#odd('names no collection');
    this.#collectionId = encodeURIComponent(data['id']);
    return `collection/${this.#collectionId}`;
  }

  async #call(
    method: 'GET' | 'POST',
    to: string | URL,
    { line, signal }: Errand,
    body?: string,
  ): Promise<{ status?: string | undefined; data: Record<string, unknown> }> {
    const { url: base, apiKey } = this.#config;
    const url = typeof to === 'string' ? new URL(`${base.replace(/\/+$/, '')}/${to}`) : to;
    const key = url.origin === new URL(base).origin ? { 'x-access-token': apiKey } : {};
    const headers = { ...key, 'x-videodb-client': 'watchpost', ...(body && { 'content-type': 'application/json' }) };
    await line.take(HEAD_BYTES + Buffer.byteLength(body ?? ''));
    const answer = await this.#wire.ask(url, { method, headers, ...(body && { body }), signal });
    // Before a 503 it may have been done; before a 429 it wasn't.
    if (method === 'GET' || answer.status === 429) this.#wire.demandTime(answer);
    const said = parsed(answer.body);
    if (answer.status === 401) throw new SaidNo(`${this.#path}.apiKey: VideoDB doesn't know this key (401)`, 401);
    if (answer.status === 413) throw this.#tooLarge(body?.length ?? 0);
    if (answer.status >= 500 || !said) throw this.#odd(`is ${answer.status}${said ? '' : ' and not VideoDB’s'}`);
    if (answer.status < 300 && said.success === true) return { status: said.status, data: said.data ?? {} };
    const why = (said.message ?? 'without a reason').replaceAll(apiKey, '***').slice(0, 200);
    throw new SaidNo(`${this.#path}: VideoDB says no (${answer.status}): ${why}`, answer.status);
  }

  #address(data: Record<string, unknown>, field: string): URL {
    const value = data[field];
    if (typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value)) return new URL(value);
    throw this.#odd(`has no address as ${field}`);
  }

  #demandMade({ id }: Record<string, unknown>): void {
    if (typeof id !== 'string' || !/^[ma]-/.test(id)) throw this.#odd('names no video');
  }

  #odd(what: string): Fault {
    return new Fault('unavailable', `${this.#path}: the answer of ${new URL(this.#config.url).host} ${what}`);
  }

  #tooLarge(bytes: number): TargetRefusal {
    const megabytes = (bytes / 1e6).toFixed(1);
    return new TargetRefusal(`${this.#path}: VideoDB takes no clip of ${megabytes} MB: make send.clips shorter`);
  }
}

function parsed(body: Buffer): z.infer<typeof envelope> | undefined {
  try {
    return anyEnvelope.parse(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}
