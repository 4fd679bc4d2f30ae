import { describe, expect, it } from 'vitest';
import { groupsOf, type OpenApiJson, type Schema } from '../../src/web/api/api-document.ts';
import { addressOf, curlOf, exampleOf } from '../../src/web/api/api-example.ts';
import { innerFields, limitWords, typeWords } from '../../src/web/api/api-schema.ts';

const schemas: Record<string, Schema> = {
  Stream: {
    type: 'object',
    properties: { id: { type: 'string' }, zones: { type: 'array', items: { $ref: '#/s/Zone' } } },
  },
  Zone: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  Mode: { type: 'string', enum: ['fast', 'slow'] },
  JobGoingOn: { type: 'object', properties: { output_url: { type: 'string' } } },
  Failure: { type: 'object', properties: { error_code: { type: 'string' } } },
};

function documentOf(paths: OpenApiJson['paths']): OpenApiJson {
  return {
    info: { version: '1', description: '' },
    tags: [{ name: 'Streams' }, { name: 'Nothing' }, { name: 'Two words', description: 'What.' }],
    paths,
    components: { schemas },
  };
}

const success = (data: Schema): Schema => ({ type: 'object', properties: { success: { const: true }, data } });
const json = (schema: Schema) => ({ content: { 'application/json': { schema } } });
const failure = json({ $ref: '#/s/Failure' });
const base = { tags: ['Streams'], summary: 'Does it', security: [{}] };

describe('the document', () => {
  it('is read as groups in the order of their tags', () => {
    const groups = groupsOf(
      documentOf({
        '/b': { get: { ...base, operationId: 'b', tags: ['Two words'], responses: {} } },
        '/a': {
          get: { ...base, operationId: 'a', responses: {} },
          post: { ...base, operationId: 'a2', responses: {} },
        },
      }),
    );
    expect(groups.map(({ id, operations }) => [id, operations.map((operation) => operation.id)])).toEqual([
      ['tag-streams', ['a', 'a2']],
      ['tag-two-words', ['b']],
    ]);
  });

  it('gives what is answered, not the envelope or the refusal', () => {
    const data = { $ref: '#/s/Stream' };
    const going = { $ref: '#/components/schemas/JobGoingOn' };
    const [group] = groupsOf(
      documentOf({
        '/made': { post: { ...base, operationId: 'made', responses: { '200': failure, '201': json(success(data)) } } },
        '/job': { get: { ...base, operationId: 'job', responses: { '200': json({ anyOf: [success(data), going] }) } } },
        '/file': {
          get: { ...base, operationId: 'file', security: [], responses: { '200': { content: { 'image/jpeg': {} } } } },
        },
      }),
    );
    const [made, job, file] = group?.operations ?? [];
    expect(made).toMatchObject({ open: false, job: false, answer: { status: '201', schema: data } });
    expect(job).toMatchObject({ job: true, answer: { status: '200', schema: data } });
    expect(file).toMatchObject({ open: true, answer: { mediaType: 'image/jpeg' } });
    expect(made?.words).toContain(' zones');
    expect(made?.words).not.toContain('error_code');
    expect(job?.words).not.toContain('output_url');
  });
});

describe('schemas in words', () => {
  it('says types', () => {
    const words = (schema: Schema) => typeWords(schema, schemas);
    expect(words({ type: 'array', items: { $ref: '#/s/Stream' } })).toBe('list of Stream');
    expect(words({ $ref: '#/s/Mode' })).toBe('fast or slow');
    expect(words({ anyOf: [{ type: 'string' }, { type: 'null' }] })).toBe('string or null');
    expect(words({ type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }] })).toBe('[number, number]');
    expect(words({ const: true })).toBe('true');
    expect(words({ type: 'string', format: 'uri' })).toBe('address');
    expect(words({})).toBe('anything');
  });

  it('says limits and defaults', () => {
    expect(limitWords({ minimum: 1, maximum: 240, default: 30 })).toEqual(['1 to 240', 'default 30']);
    expect(limitWords({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })).toEqual([]);
    expect(limitWords({ minLength: 1, maxLength: 200, pattern: '^[^\\p{Cc}]*$' })).toEqual(['1 to 200 characters']);
    expect(limitWords({ minItems: 1, default: ['video'] })).toEqual(['not empty', 'default ["video"]']);
    expect(limitWords({ exclusiveMinimum: 0, pattern: '^a$' })).toEqual(['more than 0', 'matches ^a$']);
  });

  it('finds what lies inside objects, lists and alternatives', () => {
    const names = (schema: Schema) => innerFields(schema, schemas).map(({ name }) => name);
    expect(names({ type: 'array', items: { $ref: '#/s/Stream' } })).toEqual(['id', 'zones']);
    expect(names({ anyOf: [{ $ref: '#/s/Zone' }, { type: 'null' }] })).toEqual(['name']);
    expect(names({ anyOf: [{ $ref: '#/s/Zone' }, { $ref: '#/s/Stream' }] })).toEqual(['', '']);
    expect(names({ type: 'string' })).toEqual([]);
  });
});

describe('examples', () => {
  it('hold what must be in a body, or one thing that may', () => {
    const properties = { name: { type: 'string' }, mode: { $ref: '#/s/Mode' }, count: { type: 'integer', default: 3 } };
    expect(exampleOf({ properties, required: ['mode', 'count'] }, schemas)).toEqual({ mode: 'fast', count: 3 });
    expect(exampleOf({ properties }, schemas)).toEqual({ mode: 'fast' });
    expect(exampleOf({ properties: { name: { type: 'string' } } }, schemas)).toEqual({});
    expect(exampleOf({ properties, examples: [{ name: 'Yard' }] }, schemas)).toEqual({ name: 'Yard' });
    expect(exampleOf({ properties: { x: { type: 'string', examples: ['y'] } }, required: ['x'] }, schemas)).toEqual({
      x: 'y',
    });
  });

  it('are lines for a shell that hold no key', () => {
    const quote = {
      type: 'object',
      properties: { prompt: { type: 'string', examples: ["it's"] } },
      required: ['prompt'],
    };
    const form = { type: 'object', properties: { file: { type: 'string' } } };
    const [group] = groupsOf(
      documentOf({
        '/a': {
          get: {
            ...base,
            operationId: 'a',
            parameters: [
              { name: 'q', in: 'query', required: true, schema: { type: 'string', examples: ['a b'] } },
              { name: 'r', in: 'query', schema: {} },
            ],
            responses: {},
          },
          put: { ...base, operationId: 'b', requestBody: json(quote), responses: {} },
          post: {
            ...base,
            operationId: 'c',
            security: [],
            requestBody: { content: { 'multipart/form-data': { schema: form } } },
            responses: {},
          },
          delete: { ...base, operationId: 'd', responses: {} },
        },
      }),
    );
    const [get, put, post, remove] = (group?.operations ?? []).map((operation) =>
      curlOf(operation, 'http://box', schemas),
    );
    expect(get).toBe('curl -H "x-access-token: $KEY" "http://box/a?q=a%20b"');
    expect(put).toBe(`curl -X PUT -H "x-access-token: $KEY" http://box/a \\\n  -d '{"prompt":"it'\\''s"}'`);
    expect(post).toBe('curl http://box/a -F file=@FILE');
    expect(remove).toBe('curl -X DELETE -H "x-access-token: $KEY" http://box/a');
  });
});

it('fills an address in, and leaves out what was left empty', () => {
  const path = (value: string) => ({ parameter: { name: 'id', in: 'path' as const }, value });
  const query = (name: string, value: string) => ({ parameter: { name, in: 'query' as const }, value });
  expect(addressOf('/a/{id}', [path('x/y'), query('q', 'a b'), query('r', '')])).toBe('/a/x%2Fy?q=a+b');
  expect(addressOf('/a/{id}', [path('x'), query('q', '')])).toBe('/a/x');
});
