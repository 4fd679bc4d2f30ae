import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Asset, Piece } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Fault } from '#runtime';
import { type Box, openBox, T0 } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box[Symbol.asyncDispose]();
});

const statusOf = (id: string) => {
  const index = box.store.assetIndexes.get(id);
  return [index?.status, index?.message];
};
const times = (records: [number, number, string][]) => records.map(([start, end]) => [start, end]);

/** Dark, bright and dark again, four seconds each. */
function cuts(): Promise<Asset> {
  const colours = ['black', 'white', 'black'].flatMap((colour) => [
    ...['-f', 'lavfi', '-i', `color=${colour}:size=320x240:rate=10:duration=4`],
  ]);
  return box.upload(colours, ['-filter_complex', 'concat=n=3', '-c:v', 'libx264', '-g', '20']);
}

/** Writes a file of the video anew: others have names for the old one. */
function damage(path: string, change: (bytes: Buffer) => Buffer): void {
  const file = join(box.deps.assetsDir, path);
  const bytes = readFileSync(file);
  rmSync(file);
  writeFileSync(file, change(bytes));
}

describe('an index of scenes', () => {
  it('says what is seen every so many seconds, with the facts and what its maker added', async () => {
    box.record(T0, 24);
    const index = box.index(await box.exportAll('m-1'), 'time', { time: 10, frame_count: 1 });
    expect(await box.run(box.fill(index))).toEqual({ indexId: index.id });
    expect(times(box.records(index))).toEqual([
      [0, 10],
      [10, 20],
      [20, 24],
    ]);
    const [first, second] = box.store.assetIndexes.records(index.id);
    expect(first?.text).not.toContain('motion');
    expect(second?.text).toContain('motion');
    expect(second?.metadata).toMatchObject({
      yard: 'north',
      counts: [],
      packs: ['built-in'],
      motion: { amount: expect.any(Number) },
    });
    expect(statusOf(index.id)).toEqual(['done', '']);
    expect(box.progress.at(-1)).toBe(99);
    const hits = await box.store.assetIndexes.search({
      text: 'motion',
      vector: embedText('motion'),
      model: TEXT_EMBEDDING.model,
      mode: 'keyword',
      indexId: index.id,
      limit: 9,
    });
    expect(hits.map(({ record }) => record.startMs).sort((a, b) => a - b)).toEqual([10_000, 20_000]);
  });

  it('answers in the shape that its prompt asks for, and says why it leaves something open', async () => {
    box.record(T0, 12);
    const plain = box.index(await box.exportAll('m-1'), 'time', { time: 10 });
    const index = {
      ...plain,
      id: `${plain.id.slice(0, -1)}z`,
      prompt: 'Return JSON with keys "summary" and "app_name"',
    };
    box.store.assetIndexes.create(index);
    await box.run(box.fill(index));
    const [first] = box.store.assetIndexes.records(index.id);
    expect(first?.metadata).toMatchObject({
      json: { summary: expect.any(String), app_name: null },
      json_by: 'facts',
      json_reason: 'not known on this box: app_name',
    });
  });

  it('says what is seen between two cuts', async () => {
    const index = box.index(await cuts(), 'shot');
    await box.run(box.fill(index));
    expect(box.records(index)).toEqual([
      [0, 4, expect.any(String)],
      [4, 8, expect.stringContaining('the lights went on')],
      [8, 12, expect.stringContaining('the lights went off')],
    ]);
  });

  it('goes over gaps in the recording as if they were not there', async () => {
    box.record(T0, 6);
    box.record(T0 + 3_600_000, 6);
    const index = box.index(await box.exportAll('m-1'), 'time', { time: 2 });
    await box.run(box.fill(index));
    expect(times(box.records(index))).toEqual([0, 2, 4, 6, 8, 10].map((start) => [start, start + 2]));
  });

  it('waits for a detector that is busy with live cameras, and sees what it would have seen', async () => {
    box.record(T0, 12);
    const asset = await box.exportAll('m-1');
    const [idle, busy] = [box.index(asset, 'time', { time: 2 }), box.index(asset, 'time', { time: 2 })];
    await box.run(box.fill(idle));
    const sleep = vi.fn<() => Promise<void>>(async () => undefined);
    box.deps.clock = { ...box.deps.clock, sleep };
    const detect = box.deps.inference.detect.bind(box.deps.inference);
    let asked = 0;
    vi.spyOn(box.deps.inference, 'detect').mockImplementation(async (...args) => {
      asked += 1;
      return asked % 3 === 0 ? detect(...args) : 'dropped';
    });
    await box.run(box.fill(busy));
    expect(sleep).toHaveBeenCalled();
    const found = ({ id }: { id: string }) =>
      box.store.assetIndexes.records(id).map(({ text, metadata }) => [text, metadata]);
    expect(found(busy)).toEqual(found(idle));
  });
});

describe('its job', () => {
  it('begins again after a kill without doubling what it had found, and ends at once when it was done', async () => {
    box.record(T0, 60);
    const asset = await box.exportAll('m-1');
    const [cut, whole] = [box.index(asset, 'time', { time: 1 }), box.index(asset, 'time', { time: 1 })];
    const [job, stop] = [box.fill(cut), new AbortController()];
    const stopped = box.run(job, stop.signal, (percentage) => percentage > 90 && stop.abort(new Error('stopping')));
    await expect(stopped).rejects.toThrow('stopping');
    expect(box.records(cut)).toHaveLength(50);
    expect(statusOf(cut.id)).toEqual(['processing', undefined]);
    await box.run(job);
    await box.run(box.fill(whole));
    expect(box.records(cut)).toHaveLength(60);
    expect(box.records(cut)).toEqual(box.records(whole));
    const ids = () => box.store.assetIndexes.records(cut.id).map(({ id }) => id);
    const before = ids();
    expect(await box.run(job)).toEqual({ indexId: cut.id });
    expect(ids()).toEqual(before);
  });

  it.each([
    ['video', (asset: Asset) => box.store.assets.delete(asset.id)],
    ['index', (_asset: Asset, id: string) => box.store.assetIndexes.delete(id)],
  ])('fails at the next record when its %s is deleted', async (_what, remove) => {
    box.record(T0, 20);
    const asset = await box.exportAll('m-1');
    const index = box.index(asset, 'time', { time: 1 });
    const told: number[] = [];
    const job = box.fill(index);
    const running = box.run(job, undefined, (percentage) => {
      if (told.push(percentage) === 3) remove(asset, index.id);
    });
    await expect(running).rejects.toThrow('deleted meanwhile');
    expect(told).toHaveLength(3);
    expect(box.records(index)).toEqual([]);
    await expect(box.run(job)).rejects.toThrow('deleted meanwhile');
  });

  it('fails with the reason when the disk is full, and may begin again', async () => {
    box.record(T0, 4);
    const index = box.index(await box.exportAll('m-1'), 'time', { time: 2 });
    vi.spyOn(box.store.assetIndexes, 'addRecords').mockImplementationOnce(() => {
      throw new Fault('unavailable', 'the disk is full');
    });
    await expect(box.run(box.fill(index))).rejects.toThrow('the disk is full');
    expect(statusOf(index.id)).toEqual(['failed', 'the disk is full']);
    await box.run(box.fill(index));
    expect(box.records(index)).toHaveLength(2);
    expect(statusOf(index.id)).toEqual(['done', '']);
  });

  it('fails with its own reason when not even that can be noted', async () => {
    box.record(T0, 4);
    const index = box.index(await box.exportAll('m-1'), 'time', { time: 2 });
    for (const method of ['addRecords', 'update'] as const) {
      vi.spyOn(box.store.assetIndexes, method).mockImplementationOnce(() => {
        throw new Fault('unavailable', `${method}: the disk is full`);
      });
    }
    await expect(box.run(box.fill(index))).rejects.toThrow('addRecords: the disk is full');
  });

  it('is refused for what has no pictures', async () => {
    const audio = await box.upload(['-f', 'lavfi', '-i', 'sine=duration=2']);
    await expect(box.run(box.fill(box.index(audio, 'time')))).rejects.toThrow('index its spoken words');
  });
});

describe('of a video that is damaged', () => {
  let asset: Asset;
  let pieces: Piece[];
  beforeEach(async () => {
    box.record(T0, 16);
    asset = await box.exportAll('m-1');
    pieces = box.store.assets.pieces('m-1');
  });
  const path = (n: number) => pieces[n]?.path ?? '';

  it.each([
    ['is missing', () => rmSync(join(box.deps.assetsDir, path(2)))],
    ['was cut off', () => damage(path(2), (bytes) => bytes.subarray(0, bytes.length / 2))],
    ['is empty', () => damage(path(2), () => Buffer.alloc(0))],
    ['is something else', () => damage(path(2), ({ length }) => Buffer.alloc(length, 'garbage '))],
  ])('the rest is indexed, when a piece %s', async (_how, spoil) => {
    spoil();
    const index = box.index(asset, 'time', { time: 2 });
    await box.run(box.fill(index));
    expect(times(box.records(index))).toEqual([0, 2, 6, 8, 10, 12, 14].map((start) => [start, start + 2]));
    expect(statusOf(index.id)).toEqual(['done', '1 of 8 pieces of the video are damaged or missing']);
  });

  it('the rest is indexed, when a stretch of it can not be decoded', async () => {
    box.record(T0 + 60_000, 4);
    const longer = await box.exportAll('m-2');
    damage('m-2/init-0.mp4', (bytes) => Buffer.concat([bytes.subarray(0, 24), box16('moov'), box16('free')]));
    const index = box.index(longer, 'time', { time: 2 });
    await box.run(box.fill(index));
    expect(times(box.records(index))).toEqual([16, 18].map((start) => [start, start + 2]));
  });

  it.each([
    ['pieces', () => pieces.map(({ path }) => path)],
    ['init file', () => ['m-1/init-0.mp4']],
  ])('nothing is, when all its %s are gone', async (_what, gone) => {
    for (const each of gone()) rmSync(join(box.deps.assetsDir, each));
    const index = box.index(asset, 'time');
    await expect(box.run(box.fill(index))).rejects.toThrow('damaged or missing');
    expect(statusOf(index.id)).toEqual(['failed', "the video's files are damaged or missing"]);
  });
});

function box16(type: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(16);
  bytes.write(type, 4, 'latin1');
  return bytes;
}
