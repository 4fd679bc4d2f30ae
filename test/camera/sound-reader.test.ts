import { expect, it } from 'vitest';
import type { PcmChunk } from '#domain';
import type { Clock } from '#runtime';
import { SoundReader } from '../../src/camera/sound-reader.ts';
import { StreamClock } from '../../src/camera/stream-clock.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

function reading() {
  const clock: Clock & { ms: number } = {
    ms: 0,
    nowMs: () => NOW + clock.ms,
    monotonicMs: () => clock.ms,
    sleep: () => Promise.reject(new Error('nothing here sleeps')),
  };
  const chunks: PcmChunk[] = [];
  const reader = new SoundReader(new StreamClock(clock), clock, (chunk) => chunks.push(chunk));
  return { clock, chunks, reader };
}

/** So many milliseconds of sound, as ffmpeg writes it. */
const sound = (ms: number) => Buffer.alloc(ms * 32, 1);

it('what has piled up before the first sound came gets the times at which it was heard', () => {
  const { clock, chunks, reader } = reading();
  for (let n = 0; n < 13; n++) reader.read(sound(100)); // A burst: the last of it has just been heard.
  expect(chunks).toEqual([]);
  for (let n = 0; n < 12; n++) {
    clock.ms += 100;
    reader.read(sound(100));
  }
  expect(chunks.map(({ atMs }) => atMs - NOW)).toEqual(Array.from({ length: 25 }, (_, n) => n * 100 - 1300));
});

it('then it is handed on as it comes', () => {
  const { clock, chunks, reader } = reading();
  for (let n = 0; n < 20; n++) {
    clock.ms += 100;
    reader.read(sound(100));
    if (n > 10) expect(chunks).toHaveLength(n + 1);
  }
});

it('none is lost when it ends at once, nor a half sample between two reads', () => {
  const { chunks, reader } = reading();
  reader.read(sound(10).subarray(0, 101));
  reader.read(sound(10).subarray(101));
  expect(chunks).toEqual([]);
  reader.flush();
  const samples = chunks.flatMap((chunk) => [...chunk.samples]);
  expect(samples).toEqual(Array.from({ length: 160 }, () => 0x0101));
  reader.flush();
  expect(chunks).toHaveLength(2);
});
