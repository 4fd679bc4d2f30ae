import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { default as formats } from 'ajv-formats';

type Json = Record<string, unknown>;

/** What is read of an OpenAPI document. */
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; responses: Record<string, Response> };
}
interface Operation {
  responses: Record<string, Response | { $ref: string }>;
}
interface Response {
  content?: Record<string, { schema?: Json }>;
}

/** What is wrong with an answer; empty when nothing is. `url` may be absolute, or a path, with or without a query. */
export type AnswerValidator = (method: string, url: string, status: number, body: unknown) => string[];

/**
 * Checks JSON answers against an OpenAPI document as /v1/openapi.json gives it. Members that the document doesn't tell of
 * are a problem, too. A path that it doesn't know may only be answered with a failure.
 */
export function answerValidator(document: object): AnswerValidator {
  // A test of its own checks the document's form.
  const { paths, components } = document as Document;
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  ajv.addSchema({ $id: API, ...closed({ components: { schemas: components.schemas } }) });
  const operations = Object.entries(paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
    .sort((a, b) => (wildness(a.path) < wildness(b.path) ? -1 : 1))
    .map((known) => ({ ...known, pattern: pattern(known.path) }));
  const compiled = new Map<object, ValidateFunction>();

  return (method, url, status, body) => {
    const { pathname } = new URL(url.startsWith('/') ? `http://box${url}` : url);
    const path = pathname.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const found = operations.find((known) => known.method === asked && known.pattern.test(path))?.operation;
    const told = found ? (found.responses[status] ?? found.responses['default']) : UNKNOWN;
    const answer = told && '$ref' in told ? components.responses[told.$ref.replace(/^.*\//, '')] : told;
    if (answer === UNKNOWN && status < 400) return [`${method} ${path}: is not documented, and answers ${status}`];
    const schema = answer?.content?.['application/json']?.schema;
    if (!schema) return [];
    const validate = compiled.get(schema) ?? ajv.compile(closed(schema));
    compiled.set(schema, validate);
    return validate(body) ? [] : problems(validate).map((problem) => `${method} ${path} ${status}: ${problem}`);
  };
}

const API = 'http://box/api';
const UNKNOWN = { content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } } };

/** Sorts what is written out before what stands for anything, part by part: `~` comes behind every letter. */
function wildness(path: string): string {
  return path.replace(/\{\w+\}/g, '~');
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}

/** With references to the document, and nothing allowed in objects but what is named. */
function closed(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema), (key, value) => {
    if (key === '$ref') return String(value).replace(/^#/, `${API}#`);
    const open = value?.type === 'object' && value.properties && value.additionalProperties === undefined;
    return open ? { ...value, additionalProperties: false } : value;
  });
}

/** Those that lie deepest: the others come of alternatives that weren't meant. */
function problems({ errors }: ValidateFunction): string[] {
  const depth = (path: string) => path.split('/').length;
  const deepest = Math.max(...(errors ?? []).map(({ instancePath }) => depth(instancePath)));
  return (errors ?? [])
    .filter(({ instancePath }) => depth(instancePath) === deepest)
    .map(({ instancePath, message, params }) => `${instancePath || 'the answer'} ${message} ${JSON.stringify(params)}`);
}
