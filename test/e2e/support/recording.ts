import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Asset, newId, type Piece, type RecordingSession } from '#domain';
import { type Box, T0 } from '../../http/box.ts';
import { ffmpeg } from './ffmpeg.ts';

/** Seconds; segments are of four. */
export interface Take {
  /** From T0. */
  fromS: number;
  lengthS: number;
  /** From T0: for one second the black picture is white. */
  flashS: number;
  /** How long its session had run when it began. */
  sessionS: number;
  /** Default: H.264. */
  codec?: 'h265';
}

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '40', '-sc_threshold', '0'];
const H265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params'];
const H265_PARAMETERS = 'log-level=error:keyint=40:min-keyint=40:scenecut=0:bframes=0';

/** Segments as a camera's session leaves them: their own time is the session's. Returns its directory. */
async function film(dir: string, { fromS, lengthS, flashS, sessionS, codec }: Take): Promise<void> {
  await mkdir(dir, { recursive: true });
  const white = `between(t,${flashS - fromS - 0.05},${flashS - fromS + 0.95})`;
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `color=black:s=320x180:r=10:d=${lengthS},drawbox=t=fill:color=white:enable='${white}'`],
    ...['-f', 'lavfi', '-i', `sine=d=${lengthS}`, '-c:a', 'aac'],
    ...(codec === 'h265' ? [...H265, H265_PARAMETERS] : H264),
    ...['-pix_fmt', 'yuv420p', '-bf', '0'],
    ...['-output_ts_offset', String(sessionS), '-f', 'hls', '-hls_time', '4', '-hls_segment_type', 'fmp4'],
    ...['-hls_segment_options', 'movflags=+frag_discont', '-hls_fmp4_init_filename', 'init-0.mp4'],
    ...['-hls_segment_filename', join(dir, '%d.m4s'), join(dir, 'live.m3u8')],
  );
}

function codecs({ codec }: Take): string {
  return codec === 'h265' ? 'hvc1.1.6.L60.90,mp4a.40.2' : 'avc1.42c00b,mp4a.40.2';
}

/** Records a take on a stream. */
export async function recordTake(box: Box, streamId: string, take: Take): Promise<void> {
  const id = newId('session');
  const home = `${streamId}/${id}`;
  await film(join(box.deps.mediaDir, home), take);
  const session: RecordingSession = {
    id,
    streamId,
    startedMs: T0 + take.fromS * 1000,
    initPath: `${home}/init-0.mp4`,
    codecs: codecs(take),
    width: 320,
    height: 180,
  };
  for (let n = 0; n < take.lengthS / 4; n += 1) {
    const startMs = session.startedMs + n * 4000;
    const segment = {
      streamId,
      sessionId: id,
      startMs,
      endMs: startMs + 4000,
      path: `${home}/${n}.m4s`,
      bytes: 40_000,
    };
    box.store.segments.add(segment, session);
  }
}

/** A video of that take, as an upload yields it. */
export async function addFilm(box: Box, take: Take): Promise<Asset> {
  const id = newId('video');
  const dir = join(box.dir, 'film');
  await film(dir, take);
  await cp(dir, join(box.deps.assetsDir, id), { recursive: true });
  const asset: Asset = {
    id,
    kind: 'video',
    collectionId: box.store.defaultCollection.id,
    name: 'Film',
    description: '',
    lengthMs: take.lengthS * 1000,
    bytes: 1,
    width: 320,
    height: 180,
    codecs: codecs(take),
    origin: { kind: 'upload', filename: 'film.mp4' },
    createdMs: T0,
  };
  const pieces = Array.from(
    { length: take.lengthS / 4 },
    (_, n): Piece => ({
      n,
      startMs: n * 4000,
      durationMs: 4000,
      path: `${id}/${n}.m4s`,
      bytes: 40_000,
      initPath: `${id}/init-0.mp4`,
      discontinuity: false,
    }),
  );
  box.store.assets.create(asset, pieces);
  return asset;
}
