import { checkSourceUrl } from '#camera';
import { type Config, ConfigFault } from '#config';
import { compileRule } from '#events';
import { messageOf } from '#runtime';

export interface UnderstoodEvent {
  camera: string;
  label: string;
  /** One sentence. */
  understood: string;
}

/**
 * What the schema can't know: whether every address is allowed and every prompt understood. Returns how each was; throws
 * a `ConfigFault` with the path of everything that is wrong.
 */
export function checkCameras(config: Config, sourceName: string): UnderstoodEvent[] {
  const problems: { path: string; message: string }[] = [];
  const attempt = <T>(path: string, act: () => T): T | undefined => {
    try {
      return act();
    } catch (error) {
      const field = path.slice(path.lastIndexOf('.') + 1);
      problems.push({ path, message: messageOf(error).replace(new RegExp(`^(?:url|${field}):? `), '') });
      return undefined;
    }
  };
  const understood = config.cameras.flatMap((camera, c) => {
    const zones = camera.zones.map((zone) => zone.name);
    attempt(`cameras[${c}].url`, () => checkSourceUrl(camera.url, config.ingest));
    const { substream } = camera;
    if (substream !== undefined) {
      attempt(`cameras[${c}].substream`, () => checkSourceUrl(substream, config.ingest));
    }
    return camera.indexes.flatMap((index, i) =>
      index.events.flatMap(({ prompt, label }, e) => {
        const rule = attempt(`cameras[${c}].indexes[${i}].events[${e}].prompt`, () => compileRule(prompt, { zones }));
        return rule ? [{ camera: camera.name, label, understood: rule.understood }] : [];
      }),
    );
  });
  if (problems.length > 0) throw new ConfigFault(problems, sourceName);
  return understood;
}
