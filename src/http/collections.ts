import { Hono } from 'hono';
import { z } from 'zod';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { ok } from './envelope.ts';
import { flag, readBody, text } from './input.ts';
import { collectionBy } from './lookup.ts';
import { collectionView } from './views.ts';

const description = z.string('must be text').max(2000, 'must not be longer than 2000 characters');
const creation = z.object({
  name: text(200, 'Warehouse'),
  description: description.default(''),
  is_public: flag.default(false),
});
const change = z.object({
  name: text(200, 'Warehouse').optional(),
  description: description.optional(),
  is_public: flag.optional(),
});

export function collectionRoutes(deps: HttpDeps): Routes {
  const { collections } = deps.store;
  const routes = new Hono<HttpEnv>();

  routes.get('/collection', (c) =>
    ok(c, {
      collections: collections.list().map(collectionView),
      default_collection: deps.store.defaultCollection.id,
    }),
  );

  routes.post('/collection', async (c) => {
    const { name, description, is_public: isPublic } = await readBody(c, creation);
    return ok(c, collectionView(collections.create({ name, description, isPublic })));
  });

  routes.get('/collection/:id', (c) => ok(c, collectionView(collectionBy(deps, c.req.param('id')))));

  routes.patch('/collection/:id', async (c) => {
    const { id } = collectionBy(deps, c.req.param('id'));
    const { name, description, is_public: isPublic } = await readBody(c, change);
    const updated = collections.update(id, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(isPublic === undefined ? {} : { isPublic }),
    });
    return ok(c, collectionView(updated));
  });

  routes.delete('/collection/:id', (c) => {
    const { id } = collectionBy(deps, c.req.param('id'));
    collections.delete(id);
    return ok(c, { id });
  });

  return routes;
}
