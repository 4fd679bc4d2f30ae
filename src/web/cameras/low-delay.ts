/** A camera with half a second of delay, decoded by this browser: JSMpeg, loaded when somebody wants it. */
import type { Api } from '../api.ts';
import type { Playback } from '../finding/hls-video.ts';

/** Draws on the canvas until ended. `onProblem` is told why the picture ended by itself. Throws an `ApiError`. */
export async function playLowDelay(
  api: Api,
  streamId: string,
  canvas: HTMLCanvasElement,
  { onPlaying, onProblem }: { onPlaying: () => void; onProblem: (message: string) => void },
): Promise<Playback> {
  const path = `/v1/streams/${encodeURIComponent(streamId)}/jsmpeg`;
  const [{ websocket_url }, { default: JSMpeg }] = await Promise.all([
    api.get<{ websocket_url: string }>(path),
    import('@seydx/jsmpeg'),
  ]);
  // By the name under which this page knows the box.
  const url = new URL(new URL(websocket_url).pathname, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const player = new JSMpeg.Player(url.href, {
    canvas,
    audio: false,
    disableWebAssembly: true,
    reconnectInterval: 0,
    onVideoDecode: onPlaying,
  });
  let ended = false;
  player.source.socket?.addEventListener('close', ({ reason }) => {
    if (!ended) onProblem(reason || 'The camera’s picture ended.');
  });
  return {
    end: () => {
      ended = true;
      player.destroy();
    },
  };
}
