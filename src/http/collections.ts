import { z } from 'zod';
import type { HttpDeps } from './deps.ts';
import { flag, text } from './input.ts';
import { collectionBy } from './lookup.ts';
import { Api } from './route.ts';
import { collectionAnswer, collectionView } from './streams/views.ts';

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

export function collectionRoutes(deps: HttpDeps): Api {
  const { collections } = deps.store;
  const api = new Api('Collections');

  api.get(
    '/collection',
    {
      summary: 'Lists the collections, the default one first',
      answer: z.object({ collections: z.array(collectionAnswer), default_collection: z.string() }),
    },
    () => ({
      collections: collections.list().map(collectionView),
      default_collection: deps.store.defaultCollection.id,
    }),
  );

  api.post(
    '/collection',
    { summary: 'Makes a collection', body: creation, answer: collectionAnswer },
    (_c, { body: { name, description, is_public: isPublic } }) =>
      collectionView(collections.create({ name, description, isPublic })),
  );

  api.get(
    '/collection/:id',
    { summary: 'One collection; "default" is an id', answer: collectionAnswer },
    (_c, { params }) => collectionView(collectionBy(deps, params.id)),
  );

  api.patch(
    '/collection/:id',
    { summary: 'Changes a collection', body: change, answer: collectionAnswer },
    (_c, { params, body: { name, description, is_public: isPublic } }) => {
      const { id } = collectionBy(deps, params.id);
      const updated = collections.update(id, {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(isPublic === undefined ? {} : { isPublic }),
      });
      return collectionView(updated);
    },
  );

  api.delete(
    '/collection/:id',
    { summary: 'Deletes an empty collection', answer: z.object({ id: z.string() }) },
    (_c, { params }) => {
      const { id } = collectionBy(deps, params.id);
      collections.delete(id);
      return { id };
    },
  );

  return api;
}
