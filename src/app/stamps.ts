import type { PackStamp } from '#domain';
import { fingerprintOf, type ModelLibrary } from '#models';
import { version } from './version.ts';

/** Which content the packs of a box have: what is built in has the program's version; of what isn't installed nothing is known. */
export function stampsOf(models: Pick<ModelLibrary, 'get'>): (pack: string) => PackStamp | undefined {
  return (name) => {
    if (name === 'built-in') return { name, version };
    const pack = models.get(name);
    const sha256 = pack && fingerprintOf(pack);
    return pack && { name, ...(sha256 === undefined ? {} : { sha256 }) };
  };
}
