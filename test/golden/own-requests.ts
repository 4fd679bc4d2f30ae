import type { AnswerClass } from './contract.ts';
import type { Recorded } from './requests.ts';

/** A request that the contract tells of and no recording holds. */
export interface OwnRequest extends Recorded {
  /** The one answer that it must have, where the contract's table allows several. */
  answer?: AnswerClass;
}

const KEY = { 'x-access-token': 'sk-right' };
const JSON_TYPE = { ...KEY, 'content-type': 'application/json' };

function ask(call: string, line: string, answer?: AnswerClass, body?: unknown): OwnRequest {
  const [method = '', url = ''] = line.split(' ');
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return { call, method, url, headers: JSON_TYPE, body: text, ...(answer === undefined ? {} : { answer }) };
}

/** In their order: what one makes, the next may name. The numbers are the contract's paragraphs. */
export const OWN_REQUESTS: readonly OwnRequest[] = [
  ask('1.1 slash behind the base address', 'GET //collection', 'done'),
  ask('1.1 slash at the end', 'GET /rtstream/', 'done'),
  ask('1.1 slash at the end of a POST', 'POST /rtstream/event/', 'done', { event_prompt: 'a person', label: 'l' }),
  ask('1.1 slashes within', 'GET /collection//default///websocket/', 'socket'),
  ask('1.1 null is missing', 'POST /rtstream', 'done', {
    url: 'rtsp://u:p@h/s',
    name: 'cam',
    collection_id: null,
    media_types: null,
    sample_rate: null,
    store: null,
    enable_transcript: null,
    ws_connection_id: null,
  }),
  ask('1.1 unknown member', 'POST /rtstream', 'done', { url: 'rtsp://h/s', name: 'cam', sandbox_id: 'x', never: [{}] }),
  ask('1.2 JSON type and no body', 'PATCH /collection/c-1', 'done'),
  ask('1.2 JSON type and no body in a DELETE', 'DELETE /video/m-1'),
  {
    ...ask('1.2 other headers', 'GET /collection/default', 'done'),
    headers: { ...KEY, 'x-org-id': 'o1', cookie: 'a=b' },
  },
  ask('5.6 no type, no configuration', 'POST /rtstream/rts-1/index/scene', 'done', { prompt: 'p', name: null }),
  ask('5.6 numbers as text', 'POST /rtstream/rts-1/index/scene', 'done', {
    extraction_type: 'time_based',
    extraction_config: { time: '7', frame_count: '7' },
    prompt: 'p',
  }),
  ask('5.6 null within the configuration', 'POST /rtstream/rts-1/index/scene', 'done', {
    extraction_type: 'time',
    extraction_config: { time: 5, frame_count: null },
    prompt: 'p',
  }),
  ask('5.6 shot_based', 'POST /rtstream/rts-1/index/scene', 'done', { extraction_type: 'shot_based', prompt: 'p' }),
  ask(
    '5.7 alert status in the words of the OpenAPI document',
    'PATCH /rtstream/rts-1/index/idx-1/alert/alert-1/status',
    'done',
    {
      status: 'disabled',
    },
  ),
  ask('5.7 no callback_url', 'POST /rtstream/rts-1/index/idx-1/alert', 'done', {
    event_id: 'event-1',
    callback_url: null,
  }),
  ask('5.7 scenes', 'GET /rtstream/rts-1/index/scene/idx-1?page=1&page_size=1', 'done'),
  ask('5.5 any engine', 'POST /rtstream/rts-1/transcription', 'done', { action: 'start', engine: 'AAIS' }),
  ask('5.5 start of 0 without an end', 'GET /rtstream/rts-1/transcription?page=1&page_size=100&start=0', 'done'),
  ask('5.8 a shot that ends where it begins', 'GET /rtstream/rts-1/stream?start=1711000001&end=1711000001', 'stream'),
  ask('5.8 clipped to what is recorded', 'GET /rtstream/rts-1/stream?start=1710999000&end=1711000002', 'stream'),
  ask('5.4 export of a stream that runs', 'POST /rtstream/rts-1/export', '409', {}),
  ask('5.4 stop', 'PATCH /rtstream/rts-1/status', 'done', { action: 'stop' }),
  ask('5.4 stop again', 'PATCH /rtstream/rts-1/status', 'done', { action: 'stop' }),
  ask('5.4 export', 'POST /rtstream/rts-1/export', 'done', { name: null }),
  ask('5.4 export again', 'POST /rtstream/rts-1/export', 'done', {}),
  ask('6 length as text', 'POST /video/m-1/stream', 'stream', { timeline: [[1, 2]], length: '12.5' }),
  ask('6 no timeline', 'POST /video/m-1/stream', 'stream', { timeline: null, length: 12 }),
  ask('8.1 the index id decides', 'POST /video/m-1/search', 'done', {
    query: 'white car',
    search_type: 'semantic',
    index_type: 'spoken_word',
    index_id: 'si-1',
    score_threshold: 0.2,
    result_threshold: 5,
    dynamic_score_percentage: null,
    filter: [],
  }),
  ask('8.1 no hit', 'POST /video/m-1/search', 'refused', { query: 'zebra crossing', score_threshold: 0.99 }),
  ask('8.3 hit', 'POST /rtstream/rts-1/search', 'done', { query: 'white car', filter: [] }),
  ask('8.3 no hit', 'POST /rtstream/rts-1/search', 'done', { query: 'zebra crossing', score_threshold: 0.99 }),
  ask('10 no hit', 'POST /video/m-1/search/v2', 'done', { query: 'zebra crossing' }),
  ask('1.5 already exists', 'POST /video/m-1/index', 'refused', { index_type: 'spoken_word', force: false }),
  { ...ask('1.5 no key', 'GET /collection', '401'), headers: {} },
  { ...ask('1.5 wrong key', 'GET /collection', '401'), headers: { 'x-access-token': 'sk-wrong' } },
  ask('1.5 no JSON', 'POST /collection', '400', '{"name"'),
  ask('1.5 no such stream', 'GET /rtstream/rts-none', '404'),
];
