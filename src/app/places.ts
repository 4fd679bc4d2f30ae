import { join } from 'node:path';

/** Where things lie in the data directory. The database and the signing key are the store's own. */
export const mediaDir = (dataDir: string): string => join(dataDir, 'media');
export const thumbsDir = (dataDir: string): string => join(dataDir, 'thumbs');
export const modelsDir = (dataDir: string): string => join(dataDir, 'models');
export const assetsDir = (dataDir: string): string => join(dataDir, 'assets');
export const uploadsDir = (dataDir: string): string => join(dataDir, 'uploads');
