import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { COCO_LABELS } from '#domain';
import { plainName, sha256Hex, TASKS } from './manifest.ts';
import { FAMILIES } from './pack.ts';

const anyPack = {
  name: plainName,
  task: z.enum(TASKS),
  /** What a box can do with it that it can't do without. */
  adds: z.string().min(1),
  licence: z.string().min(1),
  /** Of the process that runs it, beside what the runtime takes anyway; `estimated` from the sizes of the files. */
  memoryMb: z.int().positive(),
  memoryIs: z.enum(['measured', 'estimated']),
  /** The values of `model_name` with which indexes use it; all of them where none are given. */
  tiers: z.array(z.enum(['mini', 'basic', 'pro', 'ultra'])).default([]),
};
const OneFile = z.strictObject({
  ...anyPack,
  url: z.url(),
  bytes: z.int().positive(),
  sha256: sha256Hex,
  family: z.enum(FAMILIES).optional(),
  inputSize: z.strictObject({ width: z.int().positive(), height: z.int().positive() }).optional(),
  labels: z.union([z.literal('coco').transform(() => [...COCO_LABELS]), z.array(z.string()).min(1)]).optional(),
});
const FromHub = z.strictObject({
  ...anyPack,
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  /** A commit, or a branch: then the commit that it is when it is first pulled stays (see the lock file). */
  revision: z.string().default('main'),
  files: z.array(z.string()).min(1),
  /** About, of all files; where it is known. The hub is asked before anything is fetched. */
  bytes: z.int().positive().optional(),
});

/** A kind of box, and the packs that suit it. */
const Device = z.strictObject({
  name: plainName,
  title: z.string().min(1),
  /** Part of the name that the board has for itself; `x64` for PCs. */
  board: z.string().min(1),
  memoryMb: z.int().positive(),
  packs: z.array(plainName).min(1),
});

/** A pack of one file: its address, and the size and SHA-256 that whatever comes from there must have. */
export type OneFileEntry = z.infer<typeof OneFile>;
/** A pack of several files, of which the hub that has them tells sizes and hashes when it is asked. */
export type HubEntry = z.infer<typeof FromHub>;
/** A pack that can be pulled. */
export type CatalogueEntry = OneFileEntry | HubEntry;
export type Device = z.infer<typeof Device>;

/** `models/catalogue.json` of this package; the same two levels up from `src/models` and from `dist/models`. */
const CATALOGUE = new URL('../../models/catalogue.json', import.meta.url);
const Catalogue = z.strictObject({ devices: z.array(Device), packs: z.array(z.union([OneFile, FromHub])) });

/** What can be pulled, and for which boxes. */
export async function readCatalogue(): Promise<z.infer<typeof Catalogue>> {
  return Catalogue.parse(JSON.parse(await readFile(CATALOGUE, 'utf8')));
}
