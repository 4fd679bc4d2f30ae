/** The OpenAPI document as its page reads it: groups of operations. Pure: knows neither the DOM nor the network. */

/** What is read of a JSON Schema. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

type Content = Record<string, { schema?: Schema }>;
interface OperationJson {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security: object[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
}
export interface OpenApiJson {
  info: { version: string; description: string };
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, OperationJson>>;
  components: { schemas: Record<string, Schema> };
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

/** A body or an answer; without a schema it is a file. */
export interface Media {
  mediaType: string;
  schema?: Schema;
}

export interface Operation {
  id: string;
  /** In capitals. */
  method: string;
  path: string;
  summary: string;
  description: string;
  /** Needs no key. */
  open: boolean;
  parameters: Parameter[];
  body?: Media & { required: boolean };
  answer: Media & { status: string };
  /** The answer may be a job that goes on. */
  job: boolean;
  /** What the filter looks in, in small letters. */
  words: string;
}

export interface Group {
  id: string;
  name: string;
  description: string;
  operations: Operation[];
}

/** The operations under their tags, in the order of the tags; tags without operations are left out. */
export function groupsOf({ tags, paths, components: { schemas } }: OpenApiJson): Group[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, json]) => ({
      tag: json.tags[0],
      operation: read(method, path, json, schemas),
    })),
  );
  return tags
    .map(({ name, description = '' }) => ({
      id: `tag-${name.toLowerCase().replace(/\W+/g, '-')}`,
      name,
      description,
      operations: operations.filter(({ tag }) => tag === name).map(({ operation }) => operation),
    }))
    .filter((group) => group.operations.length > 0);
}

function read(method: string, path: string, json: OperationJson, schemas: Record<string, Schema>): Operation {
  const { operationId, tags, summary, description = '', security, parameters = [], requestBody, responses } = json;
  const [status, response] = Object.entries(responses).find(([, { content }]) => holdsData(content)) ??
    Object.entries(responses)[0] ?? ['200', {}];
  const body = firstOf(requestBody?.content);
  const answer = firstOf(response?.content) ?? { mediaType: '' };
  const alternatives = answer.schema?.anyOf ?? [];
  const fields = [
    ...parameters.map(({ name }) => name),
    ...namesIn(body?.schema, schemas),
    ...namesIn(answer.schema, schemas),
  ];
  const words = [method, path, ...tags, summary, description, operationId, ...new Set(fields)].join(' ').toLowerCase();
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    summary,
    description,
    open: security.length === 0,
    parameters,
    ...(body ? { body: { ...body, required: requestBody?.required ?? false } } : {}),
    answer: { ...answer, ...dataOf(answer.schema), status },
    job: alternatives.some(({ $ref }) => $ref?.endsWith('/JobGoingOn')),
    words,
  };
}

/** Of several answers, the one that carries what was asked for. */
function holdsData(content: Content | undefined): boolean {
  const media = firstOf(content);
  if (!media) return false;
  return media.mediaType !== 'application/json' || dataOf(media.schema) !== undefined;
}

/** The `data` of the envelope; the page tells of the envelope once. */
function dataOf(schema: Schema | undefined): { schema: Schema } | undefined {
  const forms = schema?.anyOf ?? (schema ? [schema] : []);
  const data = forms.find(({ properties }) => properties?.['success']?.const === true)?.properties?.['data'];
  return data && { schema: data };
}

function firstOf(content: Content | undefined): Media | undefined {
  const [entry] = Object.entries(content ?? {});
  return entry && { mediaType: entry[0], ...(entry[1].schema ? { schema: entry[1].schema } : {}) };
}

/** The names of all members at any depth. */
function namesIn(schema: Schema | undefined, schemas: Record<string, Schema>): string[] {
  const seen = new Set<string>();
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'properties') for (const name of Object.keys(inner)) names.add(name);
      if (key !== '$ref') visit(inner);
      else if (!seen.has(inner)) {
        seen.add(inner);
        if (!/\/(Failure|Job\w+)$/.test(inner)) visit(schemas[nameOf(inner)]);
      }
    }
  };
  visit(schema);
  return [...names];
}

/** `Stream` of `#/components/schemas/Stream`. */
export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
