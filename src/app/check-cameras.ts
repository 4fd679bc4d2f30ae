import { checkSourceUrl } from '#camera';
import type { Config } from '#config';
import { compileRule } from '#events';
import { Fault, messageOf } from '#runtime';

export interface UnderstoodEvent {
  camera: string;
  label: string;
  /** One sentence. */
  understood: string;
}

/**
 * What the schema can't know: whether every address is allowed and every prompt understood. Returns how each was; throws
 * `invalid` with the path of everything that is wrong.
 */
export function checkCameras(config: Config): UnderstoodEvent[] {
  const problems: string[] = [];
  const attempt = <T>(where: string, act: () => T): T | undefined => {
    try {
      return act();
    } catch (error) {
      problems.push(where + messageOf(error));
      return undefined;
    }
  };
  const understood = config.cameras.flatMap((camera, c) => {
    const zones = camera.zones.map((zone) => zone.name);
    attempt(`cameras[${c}].`, () => checkSourceUrl(camera.url, config.ingest));
    const { substream } = camera;
    if (substream !== undefined) {
      attempt(`cameras[${c}].substream: `, () => checkSourceUrl(substream, config.ingest));
    }
    return camera.indexes.flatMap((index, i) =>
      index.events.flatMap(({ prompt, label }, e) => {
        const rule = attempt(`cameras[${c}].indexes[${i}].events[${e}].`, () => compileRule(prompt, { zones }));
        return rule ? [{ camera: camera.name, label, understood: rule.understood }] : [];
      }),
    );
  });
  if (problems.length > 0) throw new Fault('invalid', problems.join('\n  '));
  return understood;
}
