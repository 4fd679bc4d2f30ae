import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as formats } from 'ajv-formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupsOf } from '../../src/web/api/api-document.ts';
import { exampleOf } from '../../src/web/api/api-example.ts';
import { answerValidator } from '../support/openapi.ts';
import { type Box, openBox } from './box.ts';

let box: Box;
// The document is JSON; the tests check its form.
// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check.
let document: any;
beforeEach(async () => {
  box = await openBox();
  document = await (await box.app.request('http://box/v1/openapi.json')).json();
});
afterEach(() => box[Symbol.asyncDispose]());

describe('the OpenAPI document', () => {
  it('is valid', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Watchpost', version: '0.0.0-test' } });
  });

  it('tells of every route and no other', () => {
    const notApi = /^\/(|\*|watch|embed|assets\/.*|v1\/docs|v1\/assets\/.*|:name\{.*|hls\/.*|ws\/.*)$/;
    const served = box.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !notApi.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^/]*\})?/g, '{$1}')}`);
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual([...new Set(served)].sort());
  });

  it('names each operation once, says what it does, and refers only to what is there', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods as object));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { summary, operationId } of operations) expect(summary, operationId).toMatch(/^\S.{3,118}\S$/);
    const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(names)]));
  });

  it('has no two paths that only name their parts differently', () => {
    const paths = Object.keys(document.paths).map((path) => path.replace(/\{\w+\}/g, '{}'));
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('says how a key is sent, and what goes wrong without one', () => {
    expect(document.components.securitySchemes).toMatchObject({
      key: { type: 'apiKey', in: 'header', name: 'x-access-token' },
      bearer: { type: 'http', scheme: 'bearer' },
    });
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods as object)) {
        const { security, responses } = operation;
        const need = expect.stringMatching(/^(all|read|control|edge)$/);
        if (security.length > 0) expect(security, path).toEqual([{ key: [need] }, { bearer: [need] }]);
        expect('401' in responses, path).toBe(security.length > 0);
        const codes = Object.keys(responses).filter((status) => !status.startsWith('2'));
        expect(codes, path).toContain('default');
        for (const code of codes) {
          const name = responses[code].$ref.replace('#/components/responses/', '');
          expect(document.components.responses[name].content['application/json'].schema, path).toEqual({
            $ref: '#/components/schemas/Failure',
          });
        }
      }
    }
  });

  it('has an example for every body, and takes it itself', () => {
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    ajv.addSchema({ $id: 'http://box/api', components: document.components });
    const { schemas } = document.components;
    const posted = groupsOf(document).flatMap(({ operations }) =>
      operations.filter(({ body }) => body?.mediaType === 'application/json'),
    );
    expect(posted.length).toBeGreaterThan(20);
    for (const { id, body } of posted) {
      const schema = JSON.parse(JSON.stringify(body?.schema).replaceAll('"#/', '"http://box/api#/'));
      const validate = ajv.compile(schema);
      const example = exampleOf(body?.schema ?? {}, schemas);
      expect(validate(example), `${id} ${JSON.stringify(example)} ${JSON.stringify(validate.errors)}`).toBe(true);
      expect(JSON.stringify(example), id).not.toContain('…');
    }
  });

  it('says what a heading is about', () => {
    for (const { name, description } of document.tags) expect(description, name).toMatch(/^\S.*\.$/);
  });

  it('says what needs no key', () => {
    const open = Object.entries(document.paths)
      .filter(([, methods]) => Object.values(methods as object).some(({ security }) => security.length === 0))
      .map(([path]) => path);
    expect(open.sort()).toEqual(expect.arrayContaining(['/v1/health', '/v1/openapi.json', '/v1/thumbs/{name}']));
    expect(open.every((path) => /^\/(v1|upload)\//.test(path))).toBe(true);
  });

  it('says what a route takes, although the wire allows more', () => {
    const { post, get } = document.paths['/rtstream'];
    const body = post.requestBody.content['application/json'].schema;
    expect(body.required).toEqual(['name']);
    expect(body.properties.sample_rate).toMatchObject({ type: 'integer', minimum: 1, maximum: 240, default: 30 });
    expect(body.properties.store).toMatchObject({ type: 'boolean', default: false });
    expect(get.parameters.find(({ name }: { name: string }) => name === 'limit')).toMatchObject({
      in: 'query',
      required: false,
      schema: { type: 'integer', default: 10 },
    });
  });
});

describe('the check of answers', () => {
  it('finds what is missing, wrong, or not documented', () => {
    const validate = answerValidator(document);
    const collection = { id: 'c-1', name: 'n', description: '', is_public: false, created_at: '' };
    const answer = (data: object) => ({ success: true, message: '', data });
    const get = (data: object) => validate('GET', '/collection/c-1?a=b', 200, answer(data));
    expect(get(collection)).toEqual([]);
    expect(get({ ...collection, id: 7 })).toEqual([expect.stringContaining('/data/id must be string')]);
    expect(get({ ...collection, secret: '' })).toEqual([expect.stringContaining('secret')]);
    expect(get({})).not.toEqual([]);
    expect(validate('GET', 'http://h//collection/c-1/', 200, { success: true })).not.toEqual([]);
    expect(validate('GET', '/collection/c-1', 404, answer(collection))).not.toEqual([]);
    const failure = { success: false, message: 'no', error_code: 'not_found' };
    expect(validate('GET', '/collection/c-1', 404, failure)).toEqual([]);
    expect(validate('GET', '/collection/c-1', 404, { ...failure, stack: '' })).not.toEqual([]);
    expect(validate('GET', '/nowhere', 404, failure)).toEqual([]);
    expect(validate('GET', '/nowhere', 200, answer({}))).not.toEqual([]);
    expect(validate('GET', '/rtstream/event', 200, answer({ events: [] }))).toEqual([]);
  });
});
