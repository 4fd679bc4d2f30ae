/**
 * Model packs as files: what the catalogue offers, what lies in the data directory, fetching and importing. Knows
 * files, not tensors.
 *
 * Promises: a pack under its name is complete and has the recorded SHA-256; a pull or an import that fails, or is
 * killed, leaves the pack that was there as it was. An interrupted pull goes on where it stopped. What is wrong with a
 * pack, a file or an address is thrown as a `Fault` that names it.
 */
export { type CatalogueEntry, type Device, readCatalogue } from './catalogue.ts';
export { type Board, deviceOf, thisBoard } from './devices.ts';
export type { ImageTextPack } from './image-text-pack.ts';
export type { ImageToTextPack } from './image-to-text-pack.ts';
export { type InstalledPack, ModelLibrary } from './library.ts';
export type { ModelTask } from './manifest.ts';
export type {
  DetectorPack,
  FacePack,
  ModelFamily,
  ModelPack,
  PackFile,
  PersonPack,
  PicturePack,
  SoundPack,
  SpeechPack,
  TextFinderPack,
  TextPack,
  TextReaderPack,
  VoicePack,
} from './pack.ts';
export { PackDesk } from './pack-desk.ts';
export type { Progress, PullOptions } from './pull.ts';
export { fingerprintOf } from './stamp.ts';
