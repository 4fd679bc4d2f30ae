/** A camera as it is now, a second or two behind, in a <video>: low-latency HLS by a connection of its own to the camera. */
import type { Api } from '../api.ts';
import { type Playback, type PlayOptions, play } from '../finding/hls-video.ts';

/** Who waits for what comes next keeps a connection busy, and browsers have six for a box; the page needs some itself. */
const MOST_WAITING_TILES = 3;
let waitingTiles = 0;

interface LiveJson {
  stream_url: string;
  codecs: string;
}

/**
 * Plays until ended. `small` takes the camera's smaller stream, where it has one; of many at once those that come late are
 * some seconds behind. Throws an `ApiError` that says why when the
 * camera allows no more connections or isn't there, and an error when this browser can't show what it sends.
 */
export async function playLive(
  api: Api,
  { streamId, size }: { streamId: string; size: 'whole' | 'small' },
  video: HTMLVideoElement,
  options: Omit<PlayOptions, 'live' | 'lowLatency'>,
  signal: AbortSignal,
): Promise<Playback> {
  const path = `/v1/streams/${encodeURIComponent(streamId)}/live`;
  const { stream_url: url, codecs } = await api.get<LiveJson>(path, { size }, signal);
  if (video.canPlayType(`video/mp4; codecs="${codecs}"`) === '') {
    throw new Error("This browser can't show the camera's video format (often H.265) as it is.");
  }
  if (size === 'whole') return play(video, url, { ...options, live: true, lowLatency: 'waits' });
  if (waitingTiles >= MOST_WAITING_TILES) {
    return play(video, `${url}?wait=no`, { ...options, live: true, lowLatency: 'asks' });
  }
  waitingTiles += 1;
  const leave = () => {
    waitingTiles -= 1;
  };
  try {
    const playback = await play(video, url, { ...options, live: true, lowLatency: 'waits' });
    return {
      end() {
        leave();
        playback.end();
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}
