import { Hono } from 'hono';
import type { z } from 'zod';
import type { Scope } from '#domain';
import { demandScope } from './auth.ts';
import type { HttpContext, HttpEnv } from './deps.ts';
import { ok } from './envelope.ts';
import { readBody, readQuery } from './input.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a route takes and answers: it is checked by these schemas, and documented from them. */
export interface RouteSpec<Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  /** One line for a person who reads the API's page. */
  summary: string;
  /** `read` where a POST changes nothing, `all` where a GET does; else it goes by method and path. */
  need?: 'read' | 'all';
  /** A session token is enough, whatever keys have to be for. */
  token?: true;
  query?: Q;
  /** Other names of query keys → the key. */
  aliases?: Readonly<Record<string, string>>;
  body?: B;
  /** Bytes that the body may have; 1 MiB when left out. */
  bodyLimit?: number;
  /** The body is a form with a part `file`, which the handler reads by itself. */
  file?: boolean;
  /** The answer's `data`; `z.never()` with a `mediaType`. */
  answer: A;
  status?: 200 | 201;
  /** The answer may also be a job that goes on. */
  job?: boolean;
  /** What the answer is, when it is not the envelope: always given as a `Response`. */
  mediaType?: string;
}

export interface DocumentedRoute extends Omit<RouteSpec<z.ZodType, z.ZodType, z.ZodType>, 'need' | 'token'> {
  method: Method;
  /** What a key has to be for; undefined when none is needed. */
  need: Scope | undefined;
  /** As registered, parameters as `:name`. */
  path: string;
  /** The heading it stands under. */
  tag: string;
}

/** The names after the colons of a path. */
type ParamsOf<P extends string> = P extends `${infer Head}/${infer Rest}` ? ParamOf<Head> & ParamsOf<Rest> : ParamOf<P>;
type ParamOf<S extends string> = S extends `:${infer Name}{${string}`
  ? { [K in Name]: string }
  : S extends `:${infer Name}`
    ? { [K in Name]: string }
    : unknown;

export interface Input<P extends string, Q extends z.ZodType, B extends z.ZodType> {
  params: ParamsOf<P>;
  query: z.output<Q>;
  body: z.output<B>;
}

/** An answer with words for people beside its data. */
export class Reply<T> {
  readonly data: T;
  readonly message: string;

  constructor(data: T, message: string) {
    this.data = data;
    this.message = message;
  }
}

type Handler<P extends string, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> = (
  c: HttpContext,
  input: Input<P, Q, B>,
) => Answer<A> | Promise<Answer<A>>;
/** A `Response` is for what isn't the usual envelope: a file, a job that goes on. */
type Answer<A extends z.ZodType> = z.input<A> | Reply<z.input<A>> | Response;

type Register = <P extends string, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  path: P,
  spec: RouteSpec<Q, B, A>,
  handler: Handler<P, Q, B, A>,
) => void;

/** A group of routes: Hono's, with a record of what each takes and answers. */
export class Api {
  readonly hono = new Hono<HttpEnv>();
  readonly documented: DocumentedRoute[] = [];
  readonly #tag: string;
  readonly #open: boolean;

  constructor(tag: string, options: { open?: boolean } = {}) {
    this.#tag = tag;
    this.#open = options.open ?? false;
  }

  readonly get: Register = (path, spec, handler) => this.#add('get', path, spec, handler);
  readonly post: Register = (path, spec, handler) => this.#add('post', path, spec, handler);
  readonly put: Register = (path, spec, handler) => this.#add('put', path, spec, handler);
  readonly patch: Register = (path, spec, handler) => this.#add('patch', path, spec, handler);
  readonly delete: Register = (path, spec, handler) => this.#add('delete', path, spec, handler);

  #add<P extends string, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
    method: Method,
    path: P,
    spec: RouteSpec<Q, B, A>,
    handler: Handler<P, Q, B, A>,
  ): void {
    const need = this.#open ? undefined : (spec.need ?? needOf(method, path));
    this.documented.push({ ...spec, method, path, tag: this.#tag, need });
    this.hono.on(method.toUpperCase(), path, async (c) => {
      if (need !== undefined && !(spec.token && isToken(c))) demandScope(c, need);
      // Hono's own types of the three are wider; the path's names and the schemas' outputs are what they hold.
      const input = {
        params: c.req.param(),
        query: spec.query ? readQuery(c, spec.query, spec.aliases) : undefined,
        body: spec.body ? await readBody(c, spec.body, spec.bodyLimit) : undefined,
      } as Input<P, Q, B>;
      const answer = await handler(c, input);
      if (answer instanceof Response) return answer;
      const options = { status: spec.status ?? 200 };
      if (answer instanceof Reply) return ok(c, answer.data as object, { ...options, message: answer.message });
      return ok(c, answer as object, options);
    });
  }
}

function isToken(c: HttpContext): boolean {
  return c.get('caller').sessionExpiresMs !== undefined;
}

function needOf(method: Method, path: string): Scope {
  const [, part] = /^\/v1\/(control|edge)\//.exec(path) ?? [];
  if (part === 'control' || part === 'edge') return part;
  return method === 'get' ? 'read' : 'all';
}
