/** What the wire contract lets each call be answered with: written from the contract, not from what the box does. */

/**
 * `done`: success, `data` an object. `array`: success, `data` a list. `empty`: success, `data` is {}. `job`: goes on, with an
 * address to ask. `stream`: done, and its `stream_url` plays. `socket`: done, and its `websocket_url` opens. `taken`: bytes
 * accepted. `refused`: status 200, success false, with a message. A number: a failure with that HTTP status and a message.
 */
export type AnswerClass =
  | 'done'
  | 'array'
  | 'empty'
  | 'job'
  | 'stream'
  | 'socket'
  | 'taken'
  | 'refused'
  | '400'
  | '401'
  | '404'
  | '409';

export interface Promised {
  allowed: readonly AnswerClass[];
  /**
   * What the SDKs read of `data`, when it is done: `a` is there and not null, `a[]` is a list, `a[].b` is in each of its
   * members; `a[+]` is a list with at least one.
   */
  reads: readonly string[];
  /** What the message of a refusal says, where other programs look for it (§1.5). */
  refusal?: RegExp;
}

const of = (allowed: readonly AnswerClass[], ...reads: string[]): Promised => ({ allowed, reads });
const each = (list: string, members: readonly string[]) => members.map((member) => `${list}.${member}`);

const COLLECTION = ['id', 'name', 'description', 'is_public'];
const VIDEO = [
  ...['id', 'collection_id', 'name', 'description', 'length', 'size', 'user_id'],
  ...['stream_url', 'player_url', 'thumbnail', 'thumbnail_url'],
];
const STREAM = ['id', 'name', 'collection_id', 'created_at', 'sample_rate', 'status', 'media_types', 'store'];
const INDEX = ['rtstream_index_id', 'extraction_type', 'extraction_config', 'prompt', 'name', 'status'];
const ALERT = ['alert_id', 'event_id', 'prompt', 'label', 'callback_url', 'status'];
const RECORD = ['start', 'end', 'text', 'description'];
const HIT = ['start', 'end', 'text', 'score', 'scene_index_id', 'scene_index_name', 'metadata'];
const DOC = ['start', 'end', 'text', 'score', 'stream_link', 'stream_url', 'player_url'];
const FOUND = [
  'results[].video_id',
  'results[].collection_id',
  'results[].length',
  'results[].title',
  'results[].docs[+]',
];
const LEGACY = [...FOUND, ...each('results[].docs[]', DOC)];
const PLAYS = ['stream_url', 'player_url'];
const TRANSCRIPT = ['transcription_records[]', 'next_page', 'total_count', 'page', 'page_size'];

const SESSION = ['id', 'session_id', 'collection_id', 'end_user_id', 'status', 'channels[]', 'rtstreams[]', 'metadata'];
const CHANNEL = ['rtstream_id', 'id', 'channel_id', 'name', 'media_types', 'status'];

const noHit = { refusal: /No results found/ };

/** §13, §7, rows 26, 28, 29, 58–60 of §2: known calls that this version does not do, and says so. */
const mayBeElsewhere = of(['done', 'refused']);

/** By `callOf`. The numbers are the contract's paragraphs. */
export const CONTRACT: Readonly<Record<string, Promised>> = {
  // 3, 4
  'GET /collection': of(['done'], ...each('collections[+]', COLLECTION)),
  'POST /collection': of(['done'], ...COLLECTION),
  'GET /collection/:collection': of(['done'], ...COLLECTION),
  'PATCH /collection/:collection': of(['done'], ...COLLECTION),
  'GET /collection/:collection/websocket': of(['socket'], 'websocket_url'),
  // 5.2, 5.4
  'POST /rtstream': of(['done'], ...STREAM),
  'GET /rtstream': of(['done'], ...each('results[]', STREAM)),
  'GET /rtstream/:stream': of(['done'], ...STREAM),
  'PATCH /rtstream/:stream/status': of(['done']),
  'POST /rtstream/:stream/export': of(['done', 'job'], 'video_id', 'name', ...PLAYS),
  // 5.5
  'POST /rtstream/:stream/transcription': of(['done'], 'status', 'engine', 'updated_at'),
  'GET /rtstream/:stream/transcription': of(['done'], ...TRANSCRIPT),
  // 5.6, 5.7
  'POST /rtstream/:stream/index/scene': of(['done'], ...INDEX),
  'GET /rtstream/:stream/index/scene': of(['done'], ...each('scene_indexes[+]', INDEX)),
  'GET /rtstream/:stream/index/:index': of(['done'], ...INDEX),
  'GET /rtstream/:stream/index/scene/:index': of(['done'], ...each('scene_index_records[]', RECORD), 'next_page'),
  'PATCH /rtstream/:stream/index/scene/:index': of(['done'], 'prompt', 'success'),
  'PATCH /rtstream/:stream/index/scene/:index/status': of(['done']),
  'POST /rtstream/event': of(['done'], 'event_id'),
  'GET /rtstream/event': of(['done'], ...each('events[+]', ['event_id', 'label', 'event_prompt'])),
  'POST /rtstream/:stream/index/:index/alert': of(['done'], 'alert_id'),
  'GET /rtstream/:stream/index/:index/alert': of(['done'], ...each('alerts[+]', ALERT)),
  'PATCH /rtstream/:stream/index/:index/alert/:alert/status': of(['done']),
  // 5.8; the form with an object is one that the SDKs send by mistake
  'GET /rtstream/:stream/stream': of(['stream'], ...PLAYS),
  'GET /rtstream/:stream/stream with an object for start': of(['stream', '400'], ...PLAYS),
  // 8.3
  'POST /rtstream/:stream/search': of(['done'], ...each('results[]', HIT)),
  'POST /rtstream/collection/:collection/search': of(
    ['done'],
    ...each('results[]', [...HIT, 'rtstream_id', 'rtstream_name']),
  ),
  // 4, 6
  'GET /video': of(['done'], ...each('videos[+]', VIDEO)),
  'GET /video/:video': of(['done'], ...VIDEO),
  'PATCH /video/:video': of(['done'], 'name'),
  'DELETE /video/:video': of(['done', 'empty']),
  'DELETE /video/:video/storage': of(['empty']),
  'POST /video/:video/stream': of(['stream'], ...PLAYS),
  'GET /video/:video/thumbnail': of(['done'], 'thumbnail', 'thumbnail_url'),
  'POST /video/:video/thumbnail': of(['done', 'job'], 'id', 'collection_id', 'name', 'url'),
  'GET /video/:video/thumbnails': of(['array', 'refused']),
  'GET /video/:video/transcription': of(
    ['done', 'job'],
    'text',
    ...each('word_timestamps[+]', ['start', 'end', 'text', 'word']),
  ),
  'POST /video/:video/transcription': of(['done', 'job']),
  'POST /video/:video/index': {
    ...of(['done', 'job', 'refused']),
    refusal: /Spoken word index for video already exists/,
  },
  'POST /video/:video/index/scene': of(['done', 'job'], 'scene_index_id'),
  'GET /video/:video/index/scene': of(['done'], ...each('scene_indexes[+]', ['scene_index_id', 'name', 'status'])),
  'GET /video/:video/index/scene/:index': of(
    ['done', 'job'],
    ...each('scene_index_records[+]', ['start', 'end', 'description']),
  ),
  'DELETE /video/:video/index/scene/:index': of(['done', 'empty']),
  'POST /video/:video/workflow': of(['done', 'job'], ...PLAYS),
  // 8.1, 8.2: without a hit "No results found"
  'POST /video/:video/search': { ...of(['done', 'refused'], ...LEGACY), ...noHit },
  'POST /collection/:collection/search': { ...of(['done', 'refused'], ...LEGACY), ...noHit },
  'POST /collection/:collection/search/title': of(['array', 'refused']),
  'POST /compile': of(['stream'], ...PLAYS),
  // 10
  'POST /video/:video/search/v2': of(['done'], 'response_type', 'results[]'),
  'POST /collection/:collection/search/v2': of(['done'], 'response_type', 'results[]'),
  'POST /video/:video/ask': of(['done', 'refused'], 'answer', 'sources[]'),
  'POST /video/:video/semantic-search': of(['done'], 'response_type', 'results[]'),
  'POST /video/:video/indexes': of(['done', '400']),
  // 9, 1.4
  'GET /collection/:collection/upload_url': of(['done'], 'upload_url'),
  'POST /put/:token': of(['taken']),
  'POST /collection/:collection/upload': of(['done', 'job'], 'id', 'collection_id'),
  'POST /collection/:collection/upload with callback_url': of(['empty']),
  'GET /async-response/:job': of(['done', 'job'], 'id', 'collection_id'),
  'GET /audio': of(['done'], 'audios[]'),
  'GET /image': of(['done'], 'images[]'),
  // 7
  'POST /capture/session/token': of(['done'], 'token'),
  'POST /collection/:collection/capture/session': of(['done'], 'session_id', 'collection_id', 'end_user_id', 'status'),
  'GET /collection/:collection/capture/session': of(['done'], 'sessions[]', ...each('sessions[]', SESSION)),
  'GET /collection/:collection/capture/session/:session': of(['done'], ...SESSION, ...each('rtstreams[]', CHANNEL)),
  'POST /collection/:collection/capture/session/:session/export': of(
    ['done'],
    'session_id',
    'video_channel_id',
    'export_status',
  ),
  // 13 and the rest
  // The recorder's large timelines have no clips, or lie in an upload whose bytes it didn't keep.
  'POST /editor': of(['done', 'job', '400'], ...PLAYS),
  'POST /editor/download': of(['done', 'refused'], 'download_url'),
  'POST /download': of(['done', 'refused'], 'download_url'),
  'GET /billing/usage': mayBeElsewhere,
  'GET /billing/invoices': mayBeElsewhere,
  // The recorder's server answered these with errors of its choice; here they are streams that don't exist.
  'GET /rtstream/:unknown': of(['404']),
};

const LINK = /^(stream_url|player_url|stream_link|websocket_url|upload_url|output_url|url|thumbnail|thumbnail_url)$/;
const TWINS = [
  ['text', 'description'],
  ['text', 'word'],
  ['thumbnail', 'thumbnail_url'],
  ['stream_link', 'stream_url'],
] as const;

/** What clients iterate or calculate with, without looking. */
const NEVER_NULL = new Set([
  ...['data', 'collections', 'videos', 'audios', 'images', 'results', 'docs', 'sessions', 'channels', 'rtstreams'],
  ...['alerts', 'events', 'scene_indexes', 'scene_index_records', 'word_timestamps', 'transcription_records', 'length'],
]);

/** §15's rules for every answer (2, 3, 7, 8, 10) that `data` breaks: nulls, links that lead elsewhere, twins that differ. */
export function broken(data: unknown, host: string, path = 'data'): string[] {
  if (data === null) return NEVER_NULL.has(path.slice(path.lastIndexOf('.') + 1)) ? [`${path} is null`] : [];
  if (typeof data !== 'object') return [];
  const members = Object.entries(data);
  return [
    ...members.flatMap(([key, value]) => wrongLink(key, value, host).map((problem) => `${path}.${key} ${problem}`)),
    ...TWINS.filter(([a, b]) => !alike(new Map(members), a, b)).map(([a, b]) => `${path}: ${a} and ${b} differ`),
    ...members.flatMap(([key, value]) => broken(value, host, `${path}.${key}`)),
  ];
}

function wrongLink(key: string, value: unknown, host: string): string[] {
  if (!LINK.test(key) || typeof value !== 'string' || value === '') return [];
  const scheme = key === 'websocket_url' ? 'ws' : 'http';
  if (!value.startsWith(`${scheme}://${host}/`)) return [`leads to ${value}, and not to ${host}`];
  if (key === 'player_url' && !value.startsWith(`http://${host}/watch?v=`)) return ['is no /watch?v=…'];
  return [];
}

function alike(members: Map<string, unknown>, a: string, b: string): boolean {
  return !members.has(a) || !members.has(b) || members.get(a) === members.get(b);
}

/** The paths of `reads` that `data` lacks. */
export function missing(data: unknown, reads: readonly string[]): string[] {
  return reads.filter((path) => !has(data, path.split('.')));
}

function has(value: unknown, [part, ...rest]: string[]): boolean {
  if (part === undefined) return value !== null && value !== undefined;
  const [, name = '', list] = /^(\w+)(?:\[(\+?)\])?$/.exec(part) ?? [];
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  if (list === undefined) return has(member, rest);
  if (!Array.isArray(member) || (list === '+' && member.length === 0)) return false;
  return member.every((one) => has(one, rest));
}
