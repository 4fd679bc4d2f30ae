import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where things lie in the data directory. The database and the signing key are the store's own. */
export const mediaDir = (dataDir: string): string => join(dataDir, 'media');
export const thumbsDir = (dataDir: string): string => join(dataDir, 'thumbs');
export const modelsDir = (dataDir: string): string => join(dataDir, 'models');
export const assetsDir = (dataDir: string): string => join(dataDir, 'assets');
/** Clips on their way elsewhere. */
export const clipsDir = (dataDir: string): string => join(dataDir, 'clips');
export const uploadsDir = (dataDir: string): string => join(dataDir, 'uploads');
const incomingDir = (dataDir: string): string => join(dataDir, 'incoming');

/** Makes the directories that are written to. The data directory is its owner's alone. */
export async function makePlaces(dataDir: string) {
  const places = {
    mediaDir: mediaDir(dataDir),
    thumbsDir: thumbsDir(dataDir),
    assetsDir: assetsDir(dataDir),
    uploadsDir: uploadsDir(dataDir),
    incomingDir: incomingDir(dataDir),
  };
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  for (const place of Object.values(places)) await mkdir(place, { recursive: true });
  return places;
}
