import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asLists, byName, changedPaths, merge, parseConfig, patchBetween, pathByName } from '#config';

const yard = { url: 'rtsp://h/1', zones: { gate: { polygon: [[0, 0]] } } };
const file = { name: 'box', cameras: { yard, hall: { url: 'rtsp://h/2' } } };

describe('what is written', () => {
  it('has lists of named things by name, and gets them back', () => {
    const lists = {
      name: 'box',
      cameras: [
        { name: 'yard', url: 'rtsp://h/1', zones: [{ name: 'gate', polygon: [[0, 0]] }] },
        { name: 'hall', url: 'rtsp://h/2' },
      ],
    };
    expect(byName(lists)).toEqual(file);
    expect(asLists(file)).toEqual(lists);
  });

  it.each([[[{ name: 'a' }, { name: 'a' }]], [[{ url: 'rtsp://h/1' }]], ['yard'], [[]], [null]])(
    'stays as it is where names tell nothing apart: %j',
    (cameras) => {
      expect(byName({ cameras })).toEqual({ cameras });
      expect(asLists({ cameras })).toEqual({ cameras });
    },
  );

  it('is by name where one list holds things of several kinds', () => {
    const targets = [{ kind: 's3', name: 'bucket', bucket: 'b' }];
    expect(byName({ sync: { targets } })).toEqual({ sync: { targets: { bucket: { kind: 's3', bucket: 'b' } } } });
  });
});

describe('a merge patch', () => {
  it('changes, adds and takes out by name', () => {
    const patch = { cameras: { yard: { transport: 'udp', zones: null }, hall: null, gate: { url: 'rtsp://h/3' } } };
    expect(merge(file, patch)).toEqual({
      name: 'box',
      cameras: { yard: { url: 'rtsp://h/1', transport: 'udp' }, gate: { url: 'rtsp://h/3' } },
    });
  });

  it('of the indexes of a camera that has none written comes beside the usual one; a new camera has only its own', () => {
    const index = { night: { prompt: 'what moves' } };
    const merged = merge(file, { cameras: { hall: { indexes: index }, gate: { indexes: index } } });
    expect(merged).toMatchObject({
      cameras: { hall: { indexes: { scenes: {}, ...index } }, gate: { indexes: index } },
    });
    expect(merge(file, { cameras: { hall: { indexes: [] } } })).toMatchObject({ cameras: { hall: { indexes: [] } } });
  });

  it('has no way to the prototype of anything', () => {
    const merged = merge(file, JSON.parse('{"__proto__": {"polluted": 1}, "cameras": {"__proto__": {"url": "x"}}}'));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.keys(merged as object)).toContain('__proto__');
  });

  it('that lies between two configurations makes the second of the first, and is the smallest', () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 }));
    const { group } = fc.letrec<{ group: Record<string, unknown>; value: unknown }>((tie) => ({
      value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('group')),
      group: fc.dictionary(
        fc.constantFrom('cameras', 'yard', 'indexes', 'scenes', 'zones', 'name', 'mqtt', 'a'),
        tie('value'),
        { maxKeys: 4 },
      ),
    }));
    fc.assert(
      fc.property(group, group, (base, wanted) => {
        const patch = patchBetween(base, wanted);
        expect(patch === undefined ? base : merge(base, patch)).toEqual(wanted);
        expect(patchBetween(base, base)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('paths', () => {
  const config = (yaml: string) => parseConfig(yaml, {}, 'test');

  it('say where two configurations differ, by name', () => {
    const before = config('cameras: [{ name: yard, url: "rtsp://h/1" }, { name: hall, url: "rtsp://h/2" }]');
    const after = config(
      'logLevel: warn\ncameras: [{ name: yard, url: "rtsp://h/1", zones: [{ name: z, polygon: [[0,0],[1,0],[1,1]] }] }]',
    );
    expect(changedPaths(before, after).toSorted()).toEqual(['cameras[hall]', 'cameras[yard].zones[z]', 'logLevel']);
    expect(changedPaths(before, structuredClone(before))).toEqual([]);
  });

  it('by number become paths by name', () => {
    const lists = asLists({ cameras: { yard: { indexes: { night: { events: [{ prompt: 'x' }] } } } } });
    expect(pathByName('cameras[0].indexes[0].events[0].prompt', lists)).toBe(
      'cameras[yard].indexes[night].events[0].prompt',
    );
    expect(pathByName('cameras[3].url', lists)).toBe('cameras[3].url');
    expect(pathByName('', lists)).toBe('');
  });
});
