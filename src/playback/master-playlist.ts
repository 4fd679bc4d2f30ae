/** Media that an HLS playlist lists, as a master playlist tells it. */
export interface Rendition {
  /** Size and length of each piece. */
  pieces: readonly { bytes: number; durationMs: number }[];
  codecs?: string | undefined;
  width: number;
  height: number;
  videoUri: string;
  words: { uri: string; language?: string | undefined };
}

const GROUP = 'words';

/** An HLS master playlist: the media, and what is said in it as a subtitle track that viewers may choose. */
export function buildMasterPlaylist({ pieces, codecs, width, height, videoUri, words }: Rendition): string {
  const rates = pieces.map(({ bytes, durationMs }) => (bytes * 8000) / Math.max(1, durationMs));
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0) * 8000;
  const lengthMs = pieces.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const media = {
    TYPE: 'SUBTITLES',
    'GROUP-ID': `"${GROUP}"`,
    NAME: '"Captions"',
    ...(words.language === undefined ? {} : { LANGUAGE: `"${words.language.replace(/[^\w-]/g, '')}"` }),
    AUTOSELECT: 'YES',
    DEFAULT: 'NO',
    FORCED: 'NO',
    CHARACTERISTICS: '"public.accessibility.transcribes-spoken-dialog"',
    URI: `"${words.uri}"`,
  };
  const variant = {
    BANDWIDTH: Math.max(1, Math.ceil(Math.max(0, ...rates))),
    'AVERAGE-BANDWIDTH': Math.max(1, Math.ceil(total / Math.max(1, lengthMs))),
    ...(codecs === undefined ? {} : { CODECS: `"${codecs}"` }),
    ...(width > 0 && height > 0 ? { RESOLUTION: `${width}x${height}` } : {}),
    SUBTITLES: `"${GROUP}"`,
  };
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MEDIA:${attributes(media)}`,
    `#EXT-X-STREAM-INF:${attributes(variant)}`,
    videoUri,
    '',
  ].join('\n');
}

function attributes(list: Record<string, string | number>): string {
  return Object.entries(list)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
