import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Asked, type Counts, Strain } from '../../src/pipeline/strain.ts';

const EVERY_MS = 10_000;
const MINUTE_MS = 60_000;

/** A camera from which all comes that is asked for, unless a test says otherwise, on a clock of the test's own. */
function watched() {
  const strain = new Strain();
  const clock = { monotonicMs: 5000, nowMs: 1_800_000_000_000 };
  const counts: Counts = {
    phase: 'recording',
    sinceMs: clock.nowMs,
    windowsDropped: 0,
    framesDropped: 0,
    fpsSeen: 0.5,
    lastSegmentEndMs: clock.nowMs,
    facts: { videoCodec: 'h264', width: 1920, height: 1080, fps: 25, keyframeIntervalS: 2, transport: 'tcp' },
  };
  const asked: Asked = { everyMs: 2000, unentered: 0 };
  const kinds = () => strain.degraded.map(({ kind }) => kind);
  /** What was told after each look. */
  const pass = (ms: number, each: () => void = () => undefined) => {
    const told: string[] = [];
    for (let passed = 0; passed < ms; passed += EVERY_MS) {
      clock.monotonicMs += EVERY_MS;
      clock.nowMs += EVERY_MS;
      counts.lastSegmentEndMs = clock.nowMs;
      each();
      strain.note(counts, asked, clock);
      told.push(kinds().join());
    }
    return told;
  };
  return { strain, clock, counts, asked, kinds, pass };
}

describe('a camera that is not looked at all the time', () => {
  it('is told of after three windows within two minutes, and until two minutes passed without any', () => {
    const { strain, counts, kinds, pass } = watched();
    pass(MINUTE_MS);
    counts.windowsDropped += 2;
    pass(MINUTE_MS);
    expect(kinds()).toEqual([]);
    counts.windowsDropped += 1;
    pass(EVERY_MS);
    expect(strain.degraded).toMatchObject([
      { kind: 'looking', what: expect.stringContaining('3 windows were dropped within the last 2 minutes') },
    ]);
    const told = pass(3 * MINUTE_MS);
    expect(told.filter(Boolean)).toHaveLength(11);
    expect(kinds()).toEqual([]);
  });

  it('is not told of for a busy moment each hour', () => {
    const { counts, pass } = watched();
    const told = Array.from({ length: 5 }, () => {
      counts.windowsDropped += 2;
      counts.framesDropped += 10;
      return pass(60 * MINUTE_MS);
    });
    expect(new Set(told.flat())).toEqual(new Set(['']));
  });

  it('is not told of for counters that begin anew with the connection', () => {
    const { counts, kinds, pass } = watched();
    counts.framesDropped = 500;
    pass(MINUTE_MS);
    counts.framesDropped = 0;
    pass(EVERY_MS);
    counts.framesDropped = 29;
    pass(MINUTE_MS);
    expect(kinds()).toEqual([]);
    counts.framesDropped = 31;
    pass(EVERY_MS);
    expect(kinds()).toEqual(['looking']);
  });
});

describe('pictures that are rare', () => {
  it('are told of after a minute and until they came for a minute', () => {
    const { strain, counts, pass } = watched();
    counts.fpsSeen = 0.2;
    expect(pass(MINUTE_MS)).toEqual(['', '', '', '', '', '']);
    expect(pass(EVERY_MS)).toEqual(['pictures']);
    expect(strain.degraded[0]?.what).toContain('0.2 a second of 0.5');
    counts.fpsSeen = 0.5;
    expect(pass(MINUTE_MS + EVERY_MS)).toEqual([...Array(6).fill('pictures'), '']);
  });

  it('are right where the camera sends no more, or nobody looks', () => {
    const { counts, asked, kinds, pass } = watched();
    asked.everyMs = 100;
    counts.facts = { videoCodec: 'mjpeg', width: 640, height: 480, fps: 1, transport: 'tcp' };
    counts.fpsSeen = 1;
    pass(5 * MINUTE_MS);
    expect(kinds()).toEqual([]);
    asked.everyMs = Number.POSITIVE_INFINITY;
    counts.fpsSeen = 0;
    pass(5 * MINUTE_MS);
    expect(kinds()).toEqual([]);
  });
});

describe('a recording that is behind', () => {
  it('is told of when none is finished though pictures come, or the database takes none', () => {
    const { clock, counts, asked, strain, pass } = watched();
    const stuckMs = clock.nowMs;
    const stuck = () => {
      counts.lastSegmentEndMs = stuckMs;
    };
    pass(2 * MINUTE_MS, stuck);
    expect(strain.degraded).toMatchObject([{ kind: 'recording', what: expect.stringContaining('none was finished') }]);
    pass(2 * MINUTE_MS);
    expect(strain.degraded).toEqual([]);
    asked.unentered = 7;
    pass(2 * MINUTE_MS);
    expect(strain.degraded).toMatchObject([{ kind: 'recording', what: expect.stringContaining('not taken 7') }]);
  });

  it('is not behind when a keyframe comes each half minute', () => {
    const { counts, kinds, pass } = watched();
    if (counts.facts) counts.facts = { ...counts.facts, keyframeIntervalS: 30 };
    pass(5 * MINUTE_MS, () => {
      counts.lastSegmentEndMs =
        counts.sinceMs + Math.floor(((counts.lastSegmentEndMs ?? 0) - counts.sinceMs) / 60_000) * 60_000;
    });
    expect(kinds()).toEqual([]);
  });
});

it('says nothing while the camera is away, and begins anew when it is back', () => {
  const { counts, kinds, pass } = watched();
  counts.fpsSeen = 0;
  pass(2 * MINUTE_MS);
  expect(kinds()).toEqual(['pictures']);
  counts.phase = 'waiting';
  pass(EVERY_MS);
  expect(kinds()).toEqual([]);
  counts.phase = 'recording';
  pass(MINUTE_MS);
  expect(kinds()).toEqual([]);
});

it('never changes its mind about drops within two minutes, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { minLength: 10, maxLength: 100 }), (drops) => {
      const { counts, pass } = watched();
      const told = drops.flatMap((dropped) => {
        counts.windowsDropped += dropped;
        return pass(EVERY_MS);
      });
      const runs = told.reduce<number[]>((lengths, one, at) => {
        if (one !== told[at - 1]) lengths.push(0);
        lengths[lengths.length - 1] = (lengths.at(-1) ?? 0) + 1;
        return lengths;
      }, []);
      // A stretch in which it was told lasts two minutes at least, unless the test ends first.
      const first = told[0] === 'looking' ? 0 : 1;
      for (const [at, length] of runs.entries())
        if (at % 2 === first && at < runs.length - 1) expect(length).toBeGreaterThanOrEqual(12);
    }),
  );
});
