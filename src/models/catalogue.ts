import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { COCO_LABELS } from '#domain';
import { TASKS } from './manifest.ts';
import { FAMILIES } from './pack.ts';

const Entry = z.strictObject({
  name: z.string(),
  task: z.enum(TASKS),
  family: z.enum(FAMILIES),
  description: z.string(),
  url: z.url(),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  licence: z.string(),
  inputSize: z.strictObject({ width: z.int().positive(), height: z.int().positive() }),
  labels: z.union([z.literal('coco').transform(() => [...COCO_LABELS]), z.array(z.string()).min(1)]),
});

/** A pack that can be pulled: its address, and the size and SHA-256 that whatever comes from there must have. */
export type CatalogueEntry = z.infer<typeof Entry>;

/** `models/catalogue.json` of this package; the same two levels up from `src/models` and from `dist/models`. */
const CATALOGUE = new URL('../../models/catalogue.json', import.meta.url);

export async function readCatalogue(): Promise<CatalogueEntry[]> {
  return z.strictObject({ packs: z.array(Entry) }).parse(JSON.parse(await readFile(CATALOGUE, 'utf8'))).packs;
}
