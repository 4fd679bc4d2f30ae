import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

/** The schemas that docs/mqtt.md shows, by their `$id`. Throws what is wrong with a message. */
export function documentedSchemas(): {
  check: (id: string, message: unknown) => void;
  /** The names that messages of it may have. */
  properties: (id: string) => string[];
  ids: string[];
} {
  const text = readFileSync(new URL('../../../docs/mqtt.md', import.meta.url), 'utf8');
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
  formats.default(ajv);
  const ids: string[] = [];
  const names = new Map<string, string[]>();
  for (const [, block = ''] of text.matchAll(/```json\n(.*?)```/gs)) {
    const schema: { $id: string; properties: object } = JSON.parse(block);
    ajv.addSchema(schema);
    ids.push(schema.$id);
    names.set(schema.$id, Object.keys(schema.properties));
  }
  const check = (id: string, message: unknown) => {
    if (!ajv.validate(id, message)) throw new Error(`${id}: ${ajv.errorsText()} in ${JSON.stringify(message)}`);
  };
  return { check, properties: (id) => names.get(id) ?? [], ids };
}
