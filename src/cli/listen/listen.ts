import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Fault, isFault, messageOf, retryDelay, systemClock } from '#runtime';
import { Box, type BoxOptions } from '../box.ts';
import { print, styled } from '../terminal.ts';
import { EventsFile } from './events-file.ts';
import { followLive } from './live-socket.ts';
import { takePidFile } from './pid-file.ts';

export interface ListenOptions extends BoxOptions {
  clear?: boolean;
}

const RETRY = { firstMs: 1000, capMs: 60_000 };
/** A connection that held so long was a good one: the next pause is short again. */
const GOOD_MS = 10_000;

/**
 * Writes every live event of a box to `videodb_events.jsonl` in the folder until `signal` aborts, as VideoDB's
 * `ws_listener.py` does. Comes back whenever it is cut off, and asks for what happened meanwhile. Throws `conflict` when
 * another one writes there, and what the box says when it knows neither token nor key.
 */
export async function listen(dir: string | undefined, options: ListenOptions, signal: AbortSignal): Promise<void> {
  const box = new Box(options);
  const folder = dir ?? eventsFolder(process.env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  using _seat = takePidFile(join(folder, 'videodb_ws_pid'));
  const listener = new Listener(box, folder, options.clear ?? false);
  await listener.run(signal);
}

/** Where it goes when nobody says. */
export function eventsFolder(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return env['VIDEODB_EVENTS_DIR'] || join(state, 'videodb');
}

interface Greeting {
  connection_id: string;
  seq: number;
}

class Listener {
  readonly #box: Box;
  readonly #folder: string;
  readonly #file: EventsFile;
  /** Opens again and again for a day, with the same connection id. */
  #address: string | undefined;
  #connectionId: string | undefined;
  #lastSeq: number | undefined;

  constructor(box: Box, folder: string, clear: boolean) {
    this.#box = box;
    this.#folder = folder;
    this.#file = new EventsFile(join(folder, 'videodb_events.jsonl'), clear);
    if (!clear) this.#lastSeq = this.#seqBefore();
  }

  async run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const begunMs = systemClock.monotonicMs();
      try {
        await this.#connection(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#mayPass(error)) throw error;
        if (systemClock.monotonicMs() - begunMs > GOOD_MS) attempt = 0;
        const pauseMs = retryDelay(RETRY, attempt);
        note(`${messageOf(error)}; trying again in ${(pauseMs / 1000).toFixed(0)} s`);
        // It only rejects when aborted, which ends the loop.
        await systemClock.sleep(pauseMs, signal).catch(() => undefined);
      }
    }
  }

  async #connection(signal: AbortSignal): Promise<void> {
    const path = 'collection/default/websocket';
    this.#address ??= (await this.#box.ask<{ websocket_url: string }>('GET', path, signal)).websocket_url;
    const since = this.#lastSeq === undefined ? '' : `?since=${this.#lastSeq}`;
    try {
      await followLive(this.#address + since, (text) => this.#take(text), signal);
    } catch (error) {
      if (!isFault(error, 'forbidden')) throw error;
      this.#address = undefined; // It has had its day; whether the credential has had its own shows when another is asked for.
      throw new Fault('unavailable', messageOf(error), { cause: error });
    }
  }

  /** Whether trying again may help: not where the credential is wrong, nor where never a Watchpost has answered. */
  #mayPass(error: unknown): boolean {
    if (isFault(error, 'unauthorized') || isFault(error, 'forbidden')) return false;
    return isFault(error, 'unavailable') || this.#connectionId !== undefined;
  }

  #take(text: string): void {
    const message = messageIn(text);
    if (isGreeting(message)) this.#greeted(message);
    else this.#keep(message);
  }

  #keep(message: object): void {
    this.#file.append(message, systemClock.nowMs());
    if ('seq' in message && typeof message.seq === 'number') this.#lastSeq = message.seq;
    if (process.stdout.isTTY) print(lineOf(message));
  }

  #greeted({ connection_id: id, seq }: Greeting): void {
    this.#lastSeq = seq;
    // Whole or not at all: without it what happened meanwhile isn't asked for.
    writeFileSync(`${this.#statePath}.new`, JSON.stringify({ url: this.#box.url, seq }), { mode: 0o600 });
    renameSync(`${this.#statePath}.new`, this.#statePath);
    if (id !== this.#connectionId) {
      this.#connectionId = id;
      writeFileSync(join(this.#folder, 'videodb_ws_id'), id, { mode: 0o600 });
      print(`WS_ID=${id}`);
    }
    note(`connected to ${this.#box.url}`);
  }

  /** After which event a listener goes on that has been here before, with the same box. */
  #seqBefore(): number | undefined {
    try {
      // Written by `#greeted`; whatever else stands there doesn't match.
      const state = JSON.parse(readFileSync(this.#statePath, 'utf8')) as { url?: unknown; seq?: unknown };
      if (state.url !== this.#box.url || typeof state.seq !== 'number') return undefined;
      return Math.max(state.seq, this.#file.lastSeq() ?? 0);
    } catch {
      return undefined; // Nobody has been here.
    }
  }

  get #statePath(): string {
    return join(this.#folder, '.watchpost_listener.json');
  }
}

function messageIn(text: string): object {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : { raw: text };
  } catch {
    return { raw: text };
  }
}

function isGreeting(message: object): message is Greeting {
  return 'connection_id' in message && 'seq' in message && typeof message.seq === 'number';
}

/** For people: what happened where. */
function lineOf(message: object): string {
  // What the box sends; what is missing is left out.
  const { channel, event, rtstream_name: name, data } = message as Record<string, unknown>;
  const text = typeof data === 'object' && data !== null && 'text' in data ? data.text : undefined;
  const words = [event ?? channel, name, text].filter((word) => typeof word === 'string');
  return `${styled('dim', new Date().toTimeString().slice(0, 8))} ${words.join('  ')}`;
}

/** Standard output is for the id, and what people see of events. */
function note(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}
