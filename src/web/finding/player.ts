/** The dialog that plays a stretch of one camera's recording, or the camera as it is now; where that can't be had, what is being recorded. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { playLive } from '../cameras/live-camera.ts';
import { playLowDelay } from '../cameras/low-delay.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { clock } from '../format.ts';
import type { StreamUrlJson } from '../wire.ts';
import { NOTHING_RECORDED, type Playback, play } from './hls-video.ts';

export interface Clip {
  streamId: string;
  title: string;
  text: string;
  /** Unix seconds. */
  start: number;
  end: number;
  live: boolean;
  /** Its camera is another box's: there is nothing of now. */
  elsewhere?: boolean;
  /** Of what is live: with the least delay, or as it is recorded, some seconds behind; else a second or two behind. */
  way?: 'least' | 'recorded';
}

/** Seconds by which "Earlier" and "Later" move. */
const STEP_S = 30;
const LIVE_AHEAD_S = 3600;
const DELAYS = { least: 'Now', usual: 'Now, a second or two behind', recorded: 'Now, some seconds behind' };

export class Player {
  readonly #api: Api;
  readonly #dialog = byId('player', HTMLDialogElement);
  readonly #video = byId('player-video', HTMLVideoElement);
  readonly #canvases = byId('player-canvas', HTMLElement);
  readonly #problem = byId('player-problem', HTMLElement);
  readonly #message = byId('player-message', HTMLElement);
  readonly #link = byId('player-link', HTMLButtonElement);
  readonly #save = byId('player-save', HTMLButtonElement);
  #clip: Clip | undefined;
  #playback: Playback | undefined;
  #attempt = new AbortController();
  #playerUrl: string | undefined;
  #fileUrl: string | undefined;

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#dialog.addEventListener('close', () => this.#stop(), { signal });
    this.#dialog.addEventListener('click', (event) => event.target === this.#dialog && this.#dialog.close(), {
      signal,
    });
    const on = (id: string, action: () => void): void =>
      byId(id, HTMLButtonElement).addEventListener('click', action, { signal });
    on('player-close', () => this.#dialog.close());
    on('player-again', () => this.#clip && this.#load(this.#clip));
    on('player-earlier', () => this.#shift(-STEP_S));
    on('player-later', () => this.#shift(STEP_S));
    on('player-now', () => this.#clip && this.watchLive(this.#clip.streamId, this.#clip.title));
    on('player-low-delay', () => this.#clip && this.#turnDelay(this.#clip));
    on('player-link', () => void this.#copyLink());
    on('player-save', () => this.#fileUrl && el('a', { href: this.#fileUrl, download: '' }).click());
    signal.addEventListener('abort', () => this.#dialog.close());
  }

  watch(clip: Clip): void {
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#load(clip);
  }

  watchLive(streamId: string, title: string): void {
    const now = Math.floor(this.#api.now() / 1000);
    this.watch({ streamId, title, text: '', start: now - STEP_S, end: now + LIVE_AHEAD_S, live: true });
  }

  #shift(seconds: number): void {
    const clip = this.#clip;
    if (!clip) return;
    const now = this.#api.now() / 1000;
    const start = clip.start + seconds;
    if (start >= now) return;
    const { way: _, ...still } = clip;
    const end = clip.live ? start + 2 * STEP_S : clip.end + seconds;
    void this.#load({ ...still, start, end, text: '', live: false });
  }

  async #load(clip: Clip): Promise<void> {
    this.#stop();
    this.#clip = clip;
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    this.#describe(clip);
    try {
      const playback = await this.#begin(clip, signal);
      if (signal.aborted) playback.end();
      else this.#playback = playback;
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) this.#failed(clip, reasonOf(error));
    }
  }

  #begin(clip: Clip, signal: AbortSignal): Promise<Playback> {
    if (clip.live && clip.way === 'least') return this.#drawn(clip, signal);
    return clip.live && clip.way === undefined ? this.#live(clip, signal) : this.#recorded(clip, signal);
  }

  /** What is recorded plays even where the camera itself can't be had. */
  #failed(clip: Clip, reason: string): void {
    const text = `As it is recorded, since it can't be watched directly: ${reason}`;
    if (clip.live && clip.way === undefined) void this.#load({ ...clip, way: 'recorded', text });
    else this.#showProblem(reason);
  }

  #turnDelay({ way, ...clip }: Clip): void {
    void this.#load({ ...clip, text: '', ...(way === 'least' ? {} : { way: 'least' }) });
  }

  #live(clip: Clip, signal: AbortSignal): Promise<Playback> {
    let hasPlayed = false;
    const options = {
      // It was there: it may be again. If not, that is said.
      onProblem: (message: string) =>
        signal.aborted || (hasPlayed ? void this.#load(clip) : this.#failed(clip, message)),
      onPlaying: (cover: string) => {
        hasPlayed = true;
        setText(this.#message, cover);
      },
    };
    return playLive(this.#api, { streamId: clip.streamId, size: 'whole' }, this.#video, options, signal);
  }

  /** The camera itself, drawn on a canvas of its own, as a canvas keeps what was drawn on it. */
  #drawn({ streamId }: Clip, signal: AbortSignal): Promise<Playback> {
    const canvas = el('canvas', { role: 'img', 'aria-label': 'The camera now' });
    this.#canvases.replaceChildren(canvas);
    return playLowDelay(this.#api, streamId, canvas, {
      onProblem: (message) => !signal.aborted && this.#showProblem(message),
      onPlaying: () => setText(this.#message, ''),
    });
  }

  async #recorded(clip: Clip, signal: AbortSignal): Promise<Playback> {
    const query = {
      start: clip.start,
      end: clip.end,
      player_title: clip.title,
      player_description: clip.text || undefined,
    };
    const path = `/rtstream/${encodeURIComponent(clip.streamId)}/stream`;
    const found = await this.#api.get<StreamUrlJson>(path, query, signal);
    this.#playerUrl = found.player_url;
    setHidden(this.#link, !found.player_url);
    this.#fileUrl = clip.live ? undefined : fileUrlOf(clip.streamId, found);
    setHidden(this.#save, this.#fileUrl === undefined);
    return play(this.#video, found.stream_url, {
      live: clip.live,
      onProblem: (message) => !signal.aborted && this.#showProblem(message),
      onPlaying: (cover) => setText(this.#message, cover),
    });
  }

  #describe(clip: Clip): void {
    const now = this.#api.now();
    const range = `${clock(clip.start * 1000, now)} – ${clock(clip.end * 1000, now)}`;
    setText(byId('player-title', HTMLElement), clip.title);
    const isDrawn = clip.live && clip.way === 'least';
    setText(byId('player-when', HTMLElement), clip.live ? DELAYS[clip.way ?? 'usual'] : range);
    const lowDelay = byId('player-low-delay', HTMLButtonElement);
    setHidden(lowDelay, !clip.live);
    lowDelay.setAttribute('aria-pressed', String(isDrawn));
    setHidden(this.#video, isDrawn);
    setHidden(this.#canvases, !isDrawn);
    setText(byId('player-text', HTMLElement), clip.text);
    setText(this.#message, 'Loading…');
    setHidden(this.#problem, true);
    setHidden(this.#link, true);
    setHidden(this.#save, true);
    setHidden(byId('player-now', HTMLButtonElement), clip.live || (clip.elsewhere ?? false));
    byId('player-later', HTMLButtonElement).disabled = clip.live || clip.start + STEP_S >= now / 1000;
  }

  #showProblem(message: string): void {
    const clip = this.#clip;
    const recent = clip && clip.end * 1000 > this.#api.now() - 20_000;
    const writing = recent ? ' If it happened just now, it is still being written: try again in a few seconds.' : '';
    const why = clip?.elsewhere ? ' It has not come from its box yet, or is not sent here.' : writing;
    setText(this.#message, '');
    setText(byId('player-reason', HTMLElement), message + (message === NOTHING_RECORDED ? why : ''));
    setHidden(this.#problem, false);
  }

  async #copyLink(): Promise<void> {
    if (!this.#playerUrl) return;
    const url = new URL(this.#playerUrl, location.href).href;
    try {
      await navigator.clipboard.writeText(url);
      setText(this.#link, 'Link copied');
    } catch {
      window.open(url, '_blank', 'noopener');
    }
  }

  #stop(): void {
    this.#attempt.abort();
    this.#playback?.end();
    this.#playback = undefined;
    this.#canvases.replaceChildren();
    this.#playerUrl = undefined;
    setText(this.#link, 'Copy link');
  }
}

/** The token that opens the playlist opens the file as well: a browser that saves a file sends no key. */
function fileUrlOf(streamId: string, { stream_url, start, end }: StreamUrlJson): string | undefined {
  const token = /\/hls\/([^/]+)\//.exec(stream_url)?.[1];
  if (token === undefined || start === undefined || end === undefined) return undefined;
  const query = new URLSearchParams({ start: String(start), end: String(end), t: token });
  return `/v1/streams/${encodeURIComponent(streamId)}/clip.mp4?${query.toString()}`;
}
