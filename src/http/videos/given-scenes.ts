import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Asset, AssetIndex } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { check, nullsAreMissing, number, opaque } from '../input.ts';

const MOST_SCENES = 2000;
/** Links to frames make a body long. */
export const GIVEN_LIMIT = 4 * 1024 * 1024;
/** After so many others get their turn. */
const AT_ONCE = 20;

const seconds = number(0, 1e9, 'must be seconds from the start of the video');
const words = z.string('must be text').max(10_000, 'must not be longer than 10000 characters').optional();

const frame = nullsAreMissing(z.object({ description: words }));
const scene = nullsAreMissing(
  z.object({
    start: seconds,
    end: seconds,
    description: words,
    frames: z.array(frame).max(100).default([]),
    metadata: opaque.default({}),
    data: opaque.optional().describe('In the newer form: what is known of it; its texts are searched'),
  }),
).meta({ required: ['start', 'end'], examples: [{ start: 0, end: 5, description: 'A van arrives' }] });

/** Scenes as the SDKs send them: cut by the box or by anybody, described. Each is checked when it is its turn: `readScenes`. */
export const givenScenes = z
  .array(z.unknown(), 'must be a list such as [{"start": 0, "end": 5, "description": "A van arrives"}]')
  .max(MOST_SCENES, `must not be more than ${MOST_SCENES} scenes`)
  .meta({ items: documented(scene) });

type Given = z.output<typeof scene>[];

/** Thousands of scenes take half a second to check: others have their turn meanwhile. Throws `invalid` naming what is wrong. */
export async function readScenes(given: readonly unknown[], at: readonly string[] = ['scenes']): Promise<Given> {
  const scenes: Given = [];
  for (const [n, one] of given.entries()) {
    scenes.push(check(scene, one, [...at, n]));
    if (n % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  return scenes;
}

function documented(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json;
}

/** Fills an index with scenes that somebody else described. Throws `invalid` naming the one that says nothing. */
export async function indexGiven(
  index: AssetIndex,
  scenes: Given,
  asset: Asset,
  { store }: Pick<HttpDeps, 'store'>,
): Promise<void> {
  const texts = scenes.map((scene, n) => textOf(scene, n));
  store.assetIndexes.create(index);
  for (let from = 0; from < scenes.length; from += AT_ONCE) {
    const some = scenes.slice(from, from + AT_ONCE).map(({ start, end, metadata, data = {} }, n) => {
      const text = texts[from + n] ?? '';
      const [startMs, endMs] = [start, Math.max(start, end)].map((s) => Math.min(asset.lengthMs, Math.round(s * 1000)));
      const times = { startMs: startMs ?? 0, endMs: endMs ?? 0 };
      const about = { ...index.metadata, ...metadata, ...data };
      return { ...times, text, metadata: about, vector: embedText(text), model: TEXT_EMBEDDING.model };
    });
    store.assetIndexes.addRecords(index.id, some);
    await setImmediate();
  }
  store.assetIndexes.update(index.id, { status: 'done' });
}

function textOf({ description, frames, data = {} }: Given[number], n: number): string {
  const told = description ?? frames.flatMap((frame) => frame.description || []).join(' ');
  const text =
    told ||
    Object.values(data)
      .filter((value) => typeof value === 'string')
      .join(' ');
  if (text !== '') return text;
  throw new Fault(
    'invalid',
    `scenes[${n}].description: says nothing: describe the scene first (POST …/scene/{id}/describe)`,
  );
}
