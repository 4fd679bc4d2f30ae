/**
 * Plays an HLS address in a <video>: natively where the browser is good at it (Safari, and where there is nothing
 * else), otherwise with hls.js, which is loaded only now. `onProblem` gets a sentence for the viewer.
 */
import type { ErrorData } from 'hls.js';

export interface Playback {
  end(): void;
}

export interface PlayOptions {
  /** Follow what is being recorded instead of starting at the beginning. */
  live: boolean;
  /** A camera as it is now: as little behind as can be, or by some seconds, asking now and then. */
  lowLatency?: 'waits' | 'asks';
  onProblem(message: string): void;
  /** What to write where there is no picture: it plays sound only. Empty where there is one. */
  onPlaying(cover: string): void;
}

export const NOTHING_RECORDED = 'Nothing is recorded for this time.';
/** Who is behind plays a little faster. */
const LOW_LATENCY = { maxLiveSyncPlaybackRate: 1.15, liveSyncOnStallIncrease: 0.5, backBufferLength: 10 };
const SOME_SECONDS = { ...LOW_LATENCY, liveSyncDuration: 6, liveMaxLatencyDuration: 11 };
/** Who is behind by so many target durations goes on with what is now. */
const FAR_BEHIND = 2;
const MIME = 'application/vnd.apple.mpegurl';

export async function play(video: HTMLVideoElement, url: string, options: PlayOptions): Promise<Playback> {
  const path = sameOrigin(url, location.href);
  const listeners = new AbortController();
  const tell = (): void => options.onPlaying(coverOf(video));
  for (const event of ['playing', 'resize']) video.addEventListener(event, tell, { signal: listeners.signal });
  video.addEventListener('volumechange', () => video.paused || tell(), { signal: listeners.signal });
  const stop = prefersNative(video)
    ? playNative(video, path, options, listeners.signal)
    : await playHls(video, path, options);
  video.play().catch(() => video.removeAttribute('autoplay'));
  return {
    end() {
      listeners.abort();
      stop();
      video.pause();
      video.removeAttribute('src');
      video.load();
    },
  };
}

/** Browsers begin without sound, and only the viewer may switch it on. */
export function coverOf({ videoWidth, muted }: Pick<HTMLVideoElement, 'videoWidth' | 'muted'>): string {
  if (videoWidth > 0) return '';
  return muted ? 'Sound only. It is muted: switch the sound on below.' : 'Sound only.';
}

/** The box may name itself differently from how this browser reaches it (proxy, TLS): only the path counts. */
export function sameOrigin(url: string, pageUrl: string): string {
  const target = new URL(url, pageUrl);
  return target.pathname + target.search;
}

function prefersNative(video: HTMLVideoElement): boolean {
  if (video.canPlayType(MIME) === '') return false;
  return 'WebKitPlaybackTargetAvailabilityEvent' in window || !('MediaSource' in window);
}

function playNative(video: HTMLVideoElement, url: string, options: PlayOptions, signal: AbortSignal): () => void {
  video.addEventListener('error', () => options.onProblem(`${NOTHING_RECORDED} Or this browser can't play it.`), {
    signal,
  });
  video.src = url;
  return () => undefined;
}

async function playHls(video: HTMLVideoElement, url: string, options: PlayOptions): Promise<() => void> {
  const { default: Hls } = await import('hls.js');
  if (!Hls.isSupported()) {
    options.onProblem('This browser can play neither HLS nor media source extensions.');
    return () => undefined;
  }
  // The video is fMP4: there is nothing to remux that would need a worker, and a strict page policy allows none.
  const start = { enableWorker: false, startPosition: options.live ? -1 : 0, backBufferLength: 60 };
  const behind = { waits: LOW_LATENCY, asks: SOME_SECONDS };
  const hls = new Hls({ ...start, ...(options.lowLatency ? behind[options.lowLatency] : {}) });
  // Not above: there it would need a delay to aim at, which the address itself says better.
  if (options.lowLatency === 'waits') hls.config.liveMaxLatencyDurationCount = FAR_BEHIND;
  let repaired = false;
  hls.on(Hls.Events.ERROR, (_name, data) => {
    // Of a live camera, what the box refuses belongs to what has ended: it is to be asked for anew.
    const hasEnded = options.lowLatency !== undefined && (data.response?.code ?? 0) >= 400;
    if (!data.fatal && !hasEnded) return;
    if (data.type === 'mediaError' && !repaired) {
      repaired = true;
      hls.recoverMediaError();
      return;
    }
    options.onProblem(problemWords(data));
    hls.destroy();
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}

/** What a fatal hls.js error means to the viewer. */
export function problemWords(data: Pick<ErrorData, 'type' | 'details' | 'response'>): string {
  const details: string = data.details;
  const code = data.response?.code ?? 0;
  if (code === 401 || code === 403) return 'This link is no longer valid.';
  if (code === 404 || code === 410 || /levelEmpty|manifestParsing/.test(details)) return NOTHING_RECORDED;
  if (/[cC]odec|bufferAppend/.test(details)) {
    return "This browser can't play the camera's video format (often H.265). Set the camera to H.264, or try Safari.";
  }
  if (data.type === 'networkError')
    return 'The box does not answer. Is it switched on, and is this device on its network?';
  return `The video can't be played (${details}).`;
}
