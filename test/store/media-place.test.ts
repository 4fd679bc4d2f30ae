import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { aCamera, aSegment, aSession, NOON, openStore } from './fixture.ts';

async function openBox() {
  const opened = await openStore();
  const { store, dir } = opened;
  const mediaDir = join(dir, 'media');
  mkdirSync(mediaDir);
  const mark = join(mediaDir, '.watchpost');
  return {
    store,
    dir,
    mediaDir,
    mark,
    [Symbol.asyncDispose]: opened[Symbol.asyncDispose],
    problem: () => store.mediaPlace.problem(mediaDir),
    record(n = 0) {
      const segment = aSegment(aSession(aCamera(store).stream.id), NOON + n);
      mkdirSync(dirname(join(mediaDir, segment.path)), { recursive: true });
      writeFileSync(join(mediaDir, segment.path), 'x');
      store.segments.add(segment, aSession(segment.streamId, { id: segment.sessionId }));
    },
    /** Its disk is taken away: what is left is the empty mount point. */
    unmount() {
      renameSync(mediaDir, join(dir, 'disk'));
      mkdirSync(mediaDir);
    },
    mount() {
      rmSync(mediaDir, { recursive: true });
      renameSync(join(dir, 'disk'), mediaDir);
    },
  };
}

it('a directory in which nothing was recorded is marked, and marked again when it was emptied', async () => {
  await using box = await openBox();
  expect(await box.problem()).toBeUndefined();
  const id = readFileSync(box.mark, 'utf8');
  expect(id).toMatch(/^box-[0-9a-f]+\n$/);
  rmSync(box.mark);
  expect(await box.problem()).toBeUndefined();
  expect(readFileSync(box.mark, 'utf8')).toBe(id);
});

it('without its disk nothing may be recorded or deleted, until it is back', async () => {
  await using box = await openBox();
  await box.store.mediaPlace.demand(box.mediaDir);
  box.record();
  box.unmount();
  const refused = { kind: 'unavailable', message: expect.stringMatching(/not mounted at .*media.*mount it/) };
  await expect(box.store.mediaPlace.demand(box.mediaDir)).rejects.toMatchObject(refused);
  box.mount();
  await box.store.mediaPlace.demand(box.mediaDir);
});

it('what the message says to write makes a new disk the box’s own', async () => {
  await using box = await openBox();
  await box.problem();
  box.record();
  box.unmount();
  const [, mark = ''] = /write "([^"]+)"/.exec((await box.problem()) ?? '') ?? [];
  writeFileSync(box.mark, mark);
  expect(await box.problem()).toBeUndefined();
});

it('another box’s disk is refused, also by a box that has recorded nothing', async () => {
  await using box = await openBox();
  await box.problem();
  box.record();
  writeFileSync(box.mark, 'box-other\n');
  expect(await box.problem()).toMatch(/not the one that this box recorded to/);
  await using fresh = await openBox();
  writeFileSync(fresh.mark, 'box-other\n');
  mkdirSync(join(fresh.mediaDir, 'rts-of-another'));
  expect(await fresh.problem()).toMatch(/another box.*doctor --repair/);
  rmSync(join(fresh.mediaDir, 'rts-of-another'), { recursive: true });
  expect(await fresh.problem()).toBeUndefined();
  expect(readFileSync(fresh.mark, 'utf8')).toBe('box-other\n');
});

it('a box of an older version is marked where its recordings are, and not where they are not', async () => {
  await using box = await openBox();
  for (let n = 0; n < 3; n++) box.record(n * 4000);
  box.unmount();
  const problem = await box.problem();
  expect(problem).toMatch(/not mounted/);
  box.mount();
  const [, mark] = /write "([^"]+)"/.exec(problem ?? '') ?? [];
  writeFileSync(box.mark, `${mark}\n`);
  expect(await box.problem()).toBeUndefined();
  await using other = await openBox();
  for (let n = 0; n < 3; n++) other.record(n * 4000);
  expect(await other.problem()).toBeUndefined();
});

it('a directory that can’t be read or isn’t there is no place', async () => {
  await using box = await openBox();
  rmSync(box.mediaDir, { recursive: true });
  expect(await box.problem()).toMatch(/can't be used.*mount its disk/);
  writeFileSync(box.mediaDir, 'a file');
  expect(await box.problem()).toMatch(/can't be used/);
});
