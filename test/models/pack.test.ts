import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelLibrary } from '#models';

const quiet = pino({ level: 'silent' });
const references = resolve(import.meta.dirname, '../../../shared/models');
const haveReferences = existsSync(references);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-pack-'));
});
afterEach(() => rm(dir, { recursive: true }));

const library = () => ModelLibrary.open(join(dir, 'models'), quiet);

/** A folder with weights that nobody reads, this `model.json` and these texts. */
async function folder(manifest: Record<string, unknown>, texts: Record<string, string> = {}): Promise<string> {
  const source = join(dir, 'source');
  await mkdir(source, { recursive: true });
  const whole = { name: 'tiny', file: 'tiny.onnx', licence: 'MIT', ...manifest };
  const files = { 'model.json': JSON.stringify(whole), 'tiny.onnx': 'weights', ...texts };
  for (const [name, text] of Object.entries(files)) await writeFile(join(source, name), text);
  return source;
}

describe('a pack of one file', () => {
  it.each(['face-detection', 'person-embedding', 'text-detection', 'image-embedding', 'voice-activity'])(
    'for %s needs no labels',
    async (task) => {
      const pack = await (await library()).importPack(await folder({ task }));
      expect(pack).toMatchObject({ name: 'tiny', task, labels: [] });
    },
  );

  it.each(['object-detection', 'audio-classification', 'text-recognition'])('for %s needs labels', async (task) => {
    await expect((await library()).importPack(await folder({ task }))).rejects.toMatchObject({
      message: expect.stringMatching(/pack tiny: model\.json needs labels/),
    });
  });

  it('that is good for several things is for the first of them', async () => {
    const source = await folder({ task: 'image-embedding, image-classification' });
    expect((await (await library()).importPack(source)).task).toBe('image-embedding');
  });

  it('keeps the space among the characters of an alphabet, and nothing else that is empty', async () => {
    const source = await folder(
      { task: 'text-recognition', labels: 'dict.txt (3 lines)' },
      { 'dict.txt': 'a\r\n \r\nb\r\n' },
    );
    expect((await (await library()).importPack(source)).labels).toEqual(['a', ' ', 'b']);
  });

  it.each([
    [{ boxes: '', labels: '', scores: '' }, 'deim'],
    [{ output: '' }, 'yolox'],
    [{ logits: '', pred_boxes: '' }, 'detr'],
  ])('with the outputs %j is a %s', async (outputs, family) => {
    const inputs = { images: 'float32 [1,3,64,96]' };
    const source = await folder({ task: 'object-detection', labels: ['person'], inputs, outputs });
    expect(await (await library()).importPack(source)).toMatchObject({ family, inputSize: { width: 96, height: 64 } });
  });

  it('says what is done for other tasks', async () => {
    await expect((await library()).importPack(await folder({ task: 'depth' }))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/is for "depth"; this version uses object-detection, face-detection/),
    });
  });
});

describe.skipIf(!haveReferences)(
  `packs as they come${haveReferences ? '' : ' (skipped: no reference models beside the repository)'}`,
  () => {
    it.each([
      ['yolox-nano', 'yolox', 416, 80],
      ['light-person-detector', 'yolox', 192, 1],
      ['deimv2-atto', 'deim', 320, 80],
      ['deimv2-femto', 'deim', 416, 80],
      ['fastestdet', 'fastestdet', 352, 80],
    ])('%s is a %s', async (name, family, side, labels) => {
      const models = await library();
      const pack = await models.importPack(join(references, name));
      expect(pack).toMatchObject({ name, family, inputSize: { width: side, height: side } });
      expect(pack.labels).toHaveLength(labels);
      expect(await models.verify(name)).toEqual({ ok: true });
    });

    it.each([
      ['silero-vad-16k', 'voice-activity', 0, undefined],
      ['yamnet', 'audio-classification', 521, 'child speech, kid speaking'],
      ['ultraface-rfb-320', 'face-detection', 2, 'face'],
      ['person-reid-0248', 'person-embedding', 0, undefined],
      ['ppocr-det-en-v3', 'text-detection', 0, undefined],
      ['ppocr-rec-en-number-v2', 'text-recognition', 95, '1'],
      ['mobilenet-v2-embed', 'image-embedding', 1001, 'tench, Tinca tinca'],
    ])('%s is for %s', async (name, task, labels, second) => {
      const models = await library();
      const pack = await models.importPack(join(references, name));
      expect(pack).toMatchObject({ name, task });
      expect(pack.labels).toHaveLength(labels);
      expect(pack.labels[1]).toBe(second);
      expect(await models.verify(name)).toEqual({ ok: true });
      expect((await library()).forTask(pack.task)).toEqual([pack]);
    });
  },
);
