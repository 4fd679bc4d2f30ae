import { z } from 'zod';
import { readLoosely } from '#prompts';
import type { HttpDeps } from '../deps.ts';
import { prompt } from '../input.ts';
import { collectionBy } from '../lookup.ts';
import { Api } from '../route.ts';

const PLAIN = 'Do what you are asked, briefly. Answer with the result alone, in plain text.';
const JSON_ALONE = 'Do what you are asked. Answer with JSON alone: no words around it.';

const request = z.object({
  prompt: prompt('Write a friendly sentence about a quiet yard'),
  response_type: z.enum(['text', 'json'], 'must be "text" or "json"').default('text'),
});
const answer = z.object({ output: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]) });

/** What a model of this box, or a server that it may ask, writes by any prompt. */
export function generatedTextRoutes(deps: HttpDeps): Api {
  const api = new Api('Videos');
  api.post(
    '/collection/:id/generate/text',
    { summary: 'Writes by a prompt, where a model writes', body: request, answer },
    async (c, { params, body: { prompt: asked, response_type } }) => {
      collectionBy(deps, params.id);
      const instructions = response_type === 'json' ? JSON_ALONE : PLAIN;
      const text = await deps.author.write({ prompt: asked, text: '', instructions }, c.req.raw.signal);
      const read = response_type === 'json' ? readLoosely(text)?.value : undefined;
      if (Array.isArray(read)) return { output: read };
      return { output: typeof read === 'object' && read !== null ? { ...read } : text };
    },
  );
  return api;
}
