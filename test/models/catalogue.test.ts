import { describe, expect, it } from 'vitest';
import { type CatalogueEntry, readCatalogue } from '#models';

const { packs, devices } = await readCatalogue();
const named = (name: string): CatalogueEntry => {
  const found = packs.find((pack) => pack.name === name);
  if (!found) throw new Error(`no pack ${name}`);
  return found;
};

describe('the catalogue', () => {
  it('names each pack once, with an open licence and what it adds', () => {
    expect(new Set(packs.map(({ name }) => name)).size).toBe(packs.length);
    for (const { licence, adds, memoryMb } of packs) {
      expect(['Apache-2.0', 'MIT', 'BSD-3-Clause']).toContain(licence);
      expect(adds).toMatch(/^[A-Z0-9].{20,160}\.$/);
      expect(memoryMb).toBeGreaterThan(0);
    }
  });

  it('pins the bytes of single files, wherever they come from', () => {
    const single = packs.filter((pack) => 'url' in pack);
    expect(single.length).toBeGreaterThanOrEqual(9);
    for (const { url, sha256, bytes } of single) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(bytes).toBeGreaterThan(500_000);
      // A commit, or a release, which isn't changed afterwards.
      expect(url).toMatch(/githubusercontent\.com\/[^/]+\/[^/]+\/[0-9a-f]{40}\/|\/releases\/download\//);
    }
  });

  it('takes of each repository a description, and weights in one precision', () => {
    for (const pack of packs) {
      if (!('repo' in pack)) continue;
      expect(pack.files).toContain('config.json');
      expect(pack.files.filter((name) => name.endsWith('.onnx')).length).toBeGreaterThan(0);
      expect(new Set(pack.files).size).toBe(pack.files.length);
      expect(pack.revision).toMatch(/^(main|[0-9a-f]{40})$/);
    }
  });

  it('has the default detector, and a pack for each thing that sees', () => {
    expect(named('yolox-nano')).toMatchObject({ family: 'yolox', labels: expect.objectContaining({ length: 80 }) });
    const tasks = new Set(packs.map(({ task }) => task));
    const eyes = [
      'object-detection',
      'face-detection',
      'person-embedding',
      'text-detection',
      'text-recognition',
      'image-to-text',
    ];
    expect([...tasks]).toEqual(expect.arrayContaining([...eyes, 'image-text', 'speech-recognition']));
  });
});

describe('packs for a kind of box', () => {
  it.each(devices)('$title: exist, need no more than half of its memory, and see', ({ memoryMb, packs: names }) => {
    const memory = names.map((name) => named(name).memoryMb).reduce((sum, one) => sum + one, 0);
    expect(memory).toBeLessThan(memoryMb / 2);
    const tasks = names.map((name) => named(name).task);
    expect(tasks.filter((task) => task === 'object-detection')).toHaveLength(1);
    expect(new Set(tasks).size).toBe(tasks.length);
    // One without the other reads nothing.
    expect(tasks.includes('text-recognition')).toBe(tasks.includes('text-detection'));
  });

  it('are there for the Raspberry Pi 5, the Jetson Orin and PCs', () => {
    expect(devices.map(({ name }) => name)).toEqual([
      'pi5-4gb',
      'pi5-8gb',
      'jetson-orin-nano',
      'jetson-orin-nx',
      'x86',
    ]);
  });
});
