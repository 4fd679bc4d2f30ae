import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { COCO_LABELS } from '#domain';
import { sha256Hex } from './manifest.ts';
import { FAMILIES } from './pack.ts';

const oneFile = {
  name: z.string(),
  description: z.string(),
  url: z.url(),
  bytes: z.int().positive(),
  sha256: sha256Hex,
  licence: z.string(),
};
const Detector = z.strictObject({
  ...oneFile,
  task: z.literal('object-detection'),
  family: z.enum(FAMILIES),
  inputSize: z.strictObject({ width: z.int().positive(), height: z.int().positive() }),
  labels: z.union([z.literal('coco').transform(() => [...COCO_LABELS]), z.array(z.string()).min(1)]),
});
const Voice = z.strictObject({ ...oneFile, task: z.literal('voice-activity') });

const ofHub = {
  name: z.string(),
  description: z.string(),
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  revision: z.string().default('main'),
  files: z.array(z.string()).min(1),
  licence: z.string(),
};
const Speech = z.strictObject({ ...ofHub, task: z.literal('speech-recognition'), family: z.literal('whisper') });
const Text = z.strictObject({ ...ofHub, task: z.literal('text-generation') });

/** A pack of one file: its address, and the size and SHA-256 that whatever comes from there must have. */
export type OneFileEntry = z.infer<typeof Detector> | z.infer<typeof Voice>;
/** A pack of several files, of which the hub that has them tells sizes and hashes when it is asked. */
export type HubEntry = z.infer<typeof Speech> | z.infer<typeof Text>;
/** A pack that can be pulled. */
export type CatalogueEntry = OneFileEntry | HubEntry;

/** `models/catalogue.json` of this package; the same two levels up from `src/models` and from `dist/models`. */
const CATALOGUE = new URL('../../models/catalogue.json', import.meta.url);
const Catalogue = z.strictObject({ packs: z.array(z.discriminatedUnion('task', [Detector, Voice, Speech, Text])) });

export async function readCatalogue(): Promise<CatalogueEntry[]> {
  return Catalogue.parse(JSON.parse(await readFile(CATALOGUE, 'utf8'))).packs;
}
