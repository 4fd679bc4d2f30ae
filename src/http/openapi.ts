import { z } from 'zod';
import type { HttpDeps } from './deps.ts';
import { Api, type DocumentedRoute } from './route.ts';

type Json = Record<string, unknown>;
/** What is read of the JSON Schemas that zod makes. */
type Schema = Json & { properties?: Record<string, Json>; required?: string[]; $defs?: Record<string, Json> };

const ABOUT = `A success is \`{"success": true, "message": "", "data": {…}}\`, a failure \`{"success": false, "message": "…", \
"error_code": "…"}\`; its message names the field and the remedy. What is understood but not done here is a failure with \
status 200.

Times are Unix seconds with fractions; what is named \`…_ms\` is in milliseconds. \`null\` is the same as missing, unknown \
fields are ignored, numbers may be sent as strings, and a slash at the end of a path makes no difference.

What takes longer than a few seconds is answered with \`"status": "processing"\` and an \`output_url\` to ask again.`;

const SCOPES_ABOUT =
  'Each operation names the scope that it needs: "read" is opened by keys for read, control and all, "control" by those for control and all, "all" and "edge" only by such.';

const text = { type: 'string' } as const;

const ERROR_CODES = [
  'invalid',
  'unauthorized',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'too_many_requests',
  'refused',
  'unavailable',
  'internal',
];

/** The headings of the API, in the order in which a newcomer meets them. */
const TAGS: Readonly<Record<string, string>> = {
  Collections: 'What holds streams, videos, audio and images.',
  Streams: 'Cameras: each is a stream that is recorded while it is connected.',
  Indexes: 'What is looked for in a stream or listened to, and the scenes that were found.',
  Transcription: 'What is said in a stream, written down.',
  'Events and alerts': 'Events are prompts; an alert arms one on an index and tells you when it happens.',
  Deliveries:
    'Messages about alerts on their way: what waits, what was given up, and whether a receiver can be reached.',
  'Live events': 'A WebSocket that says at once what is seen, said and alerted.',
  Capture: 'Session tokens for client apps.',
  Search: 'Scenes by words and meaning.',
  Playback: 'Links that play a stretch of recording. They need no key and expire.',
  Editor: 'Clips of videos, audio, images, texts and captions, rendered to one video.',
  Videos: 'Recordings that were exported, and videos that were uploaded.',
  'Video indexes': 'What is seen and said in a video.',
  Jobs: 'What takes longer than a few seconds, and what came of it.',
  Uploads: 'Files from elsewhere become videos, audio or images.',
  'Audio and images': 'Audio and images that were uploaded.',
  Pictures: 'Thumbnails of scenes and videos, and images. A link needs no key.',
  Boxes: 'Other Watchposts that send what they store to this one.',
  Control: 'The box from afar: keys, who did what, and what else needs a hand. Keys need the scope "control".',
  'The box': "This box's own routes: how it is, what it saw last, the API itself.",
};

const ENVELOPES: Record<string, Json> = {
  Failure: object({ success: { const: false }, message: text, error_code: { type: 'string', enum: ERROR_CODES } }),
  JobGoingOn: object({
    success: { const: true },
    status: { const: 'processing' },
    request_type: { const: 'sync' },
    data: object({ id: text, output_url: { type: 'string', format: 'uri' }, percentage: { type: 'number' } }),
  }),
  JobFailed: object({ success: { const: false }, status: { const: 'failed' }, message: text }),
};

/** GET /v1/openapi.json: this API as an OpenAPI 3.1 document, itself included. It needs no key. */
export function openapiRoutes(others: readonly DocumentedRoute[], { version }: Pick<HttpDeps, 'version'>): Api {
  const api = new Api('The box', { open: true });
  let document: Json | undefined;
  api.get(
    '/v1/openapi.json',
    { summary: 'This API as an OpenAPI document', answer: z.never(), mediaType: 'application/json' },
    (c) => {
      document ??= apiDocument([...others, ...api.documented], version);
      return c.json(document);
    },
  );
  return api;
}

/** An OpenAPI 3.1 document of the routes, from the schemas that check them. Throws when JSON Schema can't say one. */
function apiDocument(routes: readonly DocumentedRoute[], version: string): Json {
  const schemas = { ...ENVELOPES };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = template(route.path);
    paths[path] = { ...paths[path], [route.method]: operation(route, path, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Watchpost', version, description: ABOUT },
    servers: [{ url: '/' }],
    tags: tagsOf(routes),
    paths,
    components: {
      schemas,
      responses: FAILURES,
      securitySchemes: {
        key: {
          type: 'apiKey',
          in: 'header',
          name: 'x-access-token',
          description: `An API key (sk-…), or for capture and live events a session token (st-…). ${SCOPES_ABOUT}`,
        },
        bearer: { type: 'http', scheme: 'bearer', description: 'The same, as Authorization: Bearer sk-…' },
      },
    },
  };
}

/** Known tags first. */
function tagsOf(routes: readonly DocumentedRoute[]): Json[] {
  const used = new Set(routes.map(({ tag }) => tag));
  const names = [...Object.keys(TAGS).filter((name) => used.delete(name)), ...used];
  return names.map((name) => (TAGS[name] === undefined ? { name } : { name, description: TAGS[name] }));
}

/** Hono's `/a/:b{[0-9]+}` as `/a/{b}`. */
function template(path: string): string {
  return path.replace(/:(\w+)(\{[^/]*\})?/g, '{$1}');
}

function operation(route: DocumentedRoute, path: string, schemas: Record<string, Json>): Json {
  const query = route.query ? jsonSchema(route.query, schemas) : {};
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: text,
  }));
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: query.required?.includes(name) ?? false,
    schema,
  }));
  return {
    operationId: `${route.method}${path.replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    tags: [route.tag],
    summary: route.summary,
    security: route.need === undefined ? [] : [{ key: [route.need] }, { bearer: [route.need] }],
    parameters: [...inPath, ...inQuery],
    ...requestBody(route, schemas),
    responses: responses(route, schemas),
  };
}

function requestBody({ body, file }: DocumentedRoute, schemas: Record<string, Json>): Json {
  if (file) {
    const part = { type: 'string', contentMediaType: 'application/octet-stream' };
    return { requestBody: { required: true, content: { 'multipart/form-data': { schema: object({ file: part }) } } } };
  }
  if (!body) return {};
  const schema = jsonSchema(body, schemas);
  const required = body.type === 'array' || (schema.required ?? []).length > 0;
  return { requestBody: { required, content: { 'application/json': { schema } } } };
}

function responses(route: DocumentedRoute, schemas: Record<string, Json>): Json {
  const failures = failuresOf(route);
  if (route.mediaType) {
    const file = { description: route.summary, content: { [route.mediaType]: {} } };
    return { '200': file, ...failures };
  }
  const success = envelope(route, schemas);
  const refused = json('It is not done here: the message says why', ref('Failure'));
  if (route.status === 201) return { '200': refused, '201': json('It is done', success), ...failures };
  const job = route.job ? [ref('JobGoingOn'), ref('JobFailed')] : [];
  return { '200': json('It is done, or refused', { anyOf: [success, ...job, ref('Failure')] }), ...failures };
}

const FAILURES: Record<string, Json> = {
  Invalid: json('A field is missing or wrong: the message names it', ref('Failure')),
  Unauthorized: json('There is no key, or an unknown one', ref('Failure')),
  Forbidden: json('The link was altered or has expired, or the key is for other things', ref('Failure')),
  NotFound: json('There is no such thing, or nothing was recorded then', ref('Failure')),
  TooLarge: json('The body is larger than this route takes', ref('Failure')),
  TooManyRequests: json('Too many wrong keys came from this address: wait a minute', ref('Failure')),
  Failed: json('It failed: the message says why and what to do', ref('Failure')),
};

/** What can go wrong by what the route takes; anything else is the default. */
function failuresOf({ query, body, file, need, path }: DocumentedRoute): Json {
  const open = need === undefined;
  const takes = Boolean(body || file);
  const codes = {
    ...(query || takes ? { '400': 'Invalid' } : {}),
    ...(open ? {} : { '401': 'Unauthorized' }),
    '403': 'Forbidden',
    ...(path.includes(':') || takes ? { '404': 'NotFound' } : {}),
    ...(takes ? { '413': 'TooLarge' } : {}),
    ...(open ? {} : { '429': 'TooManyRequests' }),
    default: 'Failed',
  };
  return Object.fromEntries(
    Object.entries(codes).map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]),
  );
}

function envelope({ answer, job }: DocumentedRoute, schemas: Record<string, Json>): Json {
  const members = { success: { const: true }, message: text, data: jsonSchema(answer, schemas) };
  return object(members, job ? { status: { const: 'done' } } : {});
}

function object(required: Record<string, Json>, optional: Record<string, Json> = {}): Json {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required) };
}

/** Parts that have a name go to `schemas`. */
function jsonSchema(schema: z.ZodType, schemas: Record<string, Json>): Schema {
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io: 'input', override: keepWords });
  const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/');
  // It is zod's output, with other references.
  const { $defs = {}, ...rest } = JSON.parse(text) as Schema;
  Object.assign(schemas, $defs);
  return rest;
}

/** Zod leaves out the defaults and examples of what also takes other forms, as our numbers take strings. */
function keepWords({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Json }): void {
  const { examples } = z.globalRegistry.get(zodSchema) ?? {};
  if (examples) jsonSchema['examples'] = examples;
  if (!(zodSchema instanceof z.ZodDefault)) return;
  const { innerType, defaultValue } = zodSchema.def;
  const otherInside = innerType instanceof z.ZodPipe && innerType.def.out instanceof z.ZodTransform;
  if (!otherInside) jsonSchema['default'] = defaultValue;
}

function json(description: string, schema: Json): Json {
  return { description, content: { 'application/json': { schema } } };
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
