import { hostname } from 'node:os';
import { Fault, isFault, systemClock } from '#runtime';
import type { Box } from '../box.ts';
import type { Channel } from './channel.ts';

export type SessionStatus = 'created' | 'starting' | 'active' | 'stopping' | 'stopped' | 'exported' | 'failed';

/** A session as the box tells of it to who sends it. */
export interface SessionState {
  session_id: string;
  status: SessionStatus;
  channels?: { channel_id: string; rtsp_url?: string | null }[];
  export_status?: 'exporting' | 'exported' | 'failed' | null;
  exported_video_id?: string | null;
  error?: { message?: string } | null;
}

/** What is to be captured, and what of it is to stay. */
export interface Wish {
  channels: readonly Channel[];
  isStored: (channel: Channel) => boolean;
  primary: Channel | undefined;
}

/** A box that is restarted at the start of a session is waited for. */
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 500;
const OVER: readonly SessionStatus[] = ['stopping', 'stopped', 'exported', 'failed'];

/** Whether it wants nothing more of its channels. */
export function isOver({ status }: SessionState): boolean {
  return OVER.includes(status);
}

/** Whether nothing more becomes of it. */
export function isFinal({ status, export_status: exporting }: SessionState): boolean {
  return status === 'exported' || status === 'failed' || (status === 'stopped' && exporting !== 'exporting');
}

/** A capture session of a box, as who sends it knows it: by the routes of VideoDB's recorder. */
export class RemoteSession {
  readonly id: string;
  readonly #box: Box;

  private constructor(box: Box, id: string) {
    this.#box = box;
    this.id = id;
  }

  /** The one with the id; without one it is made. */
  static async open(box: Box, id: string | undefined, signal: AbortSignal): Promise<RemoteSession> {
    if (id !== undefined) return new RemoteSession(box, id);
    const path = 'collection/default/capture/session';
    const made = await box.ask<{ session_id: string }>('POST', path, signal, { end_user_id: hostname() });
    return new RemoteSession(box, made.session_id);
  }

  /** Tells the box what comes. One that is under way with the same channels goes on. */
  async start({ channels, isStored, primary }: Wish, signal: AbortSignal): Promise<void> {
    const wish = {
      session_id: this.id,
      channels: channels.map((channel) => ({
        channel_id: channel.id,
        channel_name: channel.name,
        type: channel.type,
        store: isStored(channel),
        is_primary: channel === primary,
      })),
      ...(primary ? { primary_video_channel_id: primary.id } : {}),
    };
    await patiently(() => this.#box.ask('POST', 'capture/session/start', signal, wish), signal);
  }

  state(signal: AbortSignal): Promise<SessionState> {
    return this.#box.ask<SessionState>('GET', `capture/session/${encodeURIComponent(this.id)}`, signal);
  }

  /** Where each channel is to be sent. Throws `conflict` when the session is over, `unavailable` when the box doesn't say. */
  addresses(channels: readonly Channel[], signal: AbortSignal): Promise<Map<Channel, string>> {
    return patiently(async () => {
      const state = await this.state(signal);
      if (isOver(state)) throw new Fault('conflict', endOf(state));
      const known = channels.flatMap((channel) => {
        const url = state.channels?.find((one) => one.channel_id === channel.id)?.rtsp_url;
        return url ? [[channel, url] as const] : [];
      });
      if (known.length === channels.length) return new Map(known);
      throw new Fault('unavailable', 'the box does not say where to send the channels: its log says why');
    }, signal);
  }

  /** Asks for its end; one that has ended already is left as it is. */
  async stop(signal: AbortSignal): Promise<void> {
    try {
      await this.#box.ask('POST', `capture/session/${encodeURIComponent(this.id)}/stop`, signal);
    } catch (error) {
      if (!isFault(error, 'conflict')) throw error;
    }
  }
}

/** Tries again for a while when the box is away. */
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const untilMs = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isFault(error, 'unavailable') || systemClock.monotonicMs() > untilMs) throw error;
      await systemClock.sleep(LOOK_EVERY_MS, signal);
    }
  }
}

/** In a sentence: how the session ended. */
export function endOf(state: SessionState): string {
  const { session_id: id, status, error, exported_video_id: video } = state;
  const why = error?.message ?? 'the log of the box says why';
  if (status === 'failed') return `session ${id} has failed: ${why}`;
  if (!isFinal(state)) return `session ${id} is ${status}: the box goes on with it by itself`;
  if (video) return `session ${id} is ${status} as video ${video}`;
  return error ? `session ${id} is ${status}, but has become no video: ${why}` : `session ${id} is ${status}`;
}
