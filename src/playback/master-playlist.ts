import { H264 } from './h264.ts';

/** Media that an HLS playlist lists, as a master playlist tells it. */
export interface Rendition {
  /** Size and length of each piece. */
  pieces: readonly { bytes: number; durationMs: number }[];
  codecs?: string | undefined;
  width: number;
  height: number;
  videoUri: string;
  words?: { uri: string; language?: string | undefined } | undefined;
  /** The same for players that can't show these codecs. */
  h264Uri?: string | undefined;
}

const GROUP = 'words';

/**
 * An HLS master playlist: the media, where there are words what is said in it as a subtitle track that viewers may choose,
 * and H.264 for those who need it. That is named as slightly less, so that players which can choose take the original.
 */
export function buildMasterPlaylist({ words, h264Uri, ...media }: Rendition): string {
  const { pieces, codecs, width, height, videoUri } = media;
  const rates = pieces.map(({ bytes, durationMs }) => (bytes * 8000) / Math.max(1, durationMs));
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0) * 8000;
  const lengthMs = pieces.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const peak = Math.max(2, Math.ceil(Math.max(0, ...rates)));
  const average = Math.max(2, Math.ceil(total / Math.max(1, lengthMs)));
  const group = words ? { SUBTITLES: `"${GROUP}"` } : {};
  const original = {
    BANDWIDTH: peak,
    'AVERAGE-BANDWIDTH': average,
    ...(codecs === undefined ? {} : { CODECS: `"${codecs}"` }),
    ...(width > 0 && height > 0 ? { RESOLUTION: `${width}x${height}` } : {}),
    ...group,
  };
  const sound = codecs?.split(',').slice(1) ?? [];
  const h264 = {
    BANDWIDTH: peak - 1,
    'AVERAGE-BANDWIDTH': average - 1,
    CODECS: `"${[H264.codec, ...sound].join(',')}"`,
    RESOLUTION: `${Math.round((width * Math.min(1, H264.lines / height)) / 2) * 2}x${Math.min(H264.lines, height)}`,
    ...group,
  };
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(words ? [subtitles(words)] : []),
    `#EXT-X-STREAM-INF:${attributes(original)}`,
    videoUri,
    ...(h264Uri === undefined ? [] : [`#EXT-X-STREAM-INF:${attributes(h264)}`, h264Uri]),
    '',
  ].join('\n');
}

function subtitles({ uri, language }: NonNullable<Rendition['words']>): string {
  const media = {
    TYPE: 'SUBTITLES',
    'GROUP-ID': `"${GROUP}"`,
    NAME: '"Captions"',
    ...(language === undefined ? {} : { LANGUAGE: `"${language.replace(/[^\w-]/g, '')}"` }),
    AUTOSELECT: 'YES',
    DEFAULT: 'NO',
    FORCED: 'NO',
    CHARACTERISTICS: '"public.accessibility.transcribes-spoken-dialog"',
    URI: `"${uri}"`,
  };
  return `#EXT-X-MEDIA:${attributes(media)}`;
}

function attributes(list: Record<string, string | number>): string {
  return Object.entries(list)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
