import { checkSourceUrl } from '#camera';
import { type Config, loadConfig } from '#config';
import { compileRule } from '#events';
import { Fault, messageOf } from '#runtime';
import { print, printTable } from './terminal.ts';

/** Checks all that can be known without a camera: the schema, every address and every prompt. */
export async function checkConfig(file: string): Promise<void> {
  const config = await loadConfig(file, process.env);
  const problems: string[] = [];
  const understood = [['camera', 'event', 'understood as'], ...eventRows(config, problems)];
  if (problems.length > 0) throw new Fault('invalid', `${file}: ${problems.join('\n  ')}`);
  if (understood.length > 1) printTable(understood);
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  print(`${file} is fine: ${count(config.cameras.length, 'camera')}, ${count(understood.length - 1, 'event')}`);
}

function eventRows(config: Config, problems: string[]): string[][] {
  return config.cameras.flatMap((camera, c) => {
    const zones = camera.zones.map((zone) => zone.name);
    attempt(problems, `cameras[${c}].`, () => checkSourceUrl(camera.url, config.ingest));
    return camera.indexes.flatMap((index, i) =>
      index.events.flatMap((event, e) => {
        const rule = attempt(problems, `cameras[${c}].indexes[${i}].events[${e}].prompt: `, () =>
          compileRule(event.prompt, { zones }),
        );
        return rule ? [[camera.name, event.label, rule.understood]] : [];
      }),
    );
  });
}

function attempt<T>(problems: string[], where: string, act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    problems.push(where + messageOf(error));
    return undefined;
  }
}
