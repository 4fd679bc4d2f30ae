import { boxesAt } from './mp4.ts';

/** ISO/IEC 14496-12: which fields a box has. */
const TFHD_OFFSET = 0x1;
const TFHD_DESCRIPTION = 0x2;
const TFHD_DURATION = 0x8;
const TRUN_OFFSET = 0x1;
const TRUN_FIRST_FLAGS = 0x4;
const TRUN_DURATION = 0x100;
const TRUN_PER_SAMPLE = [TRUN_DURATION, 0x200, 0x400, 0x800];

interface Track {
  id: number;
  timescale: number;
  /** Of a frame, in the timescale; 0 where each fragment or frame has its own. */
  duration: number;
}

/**
 * Frames per second, on average, of the first fragment of a piece whose beginning this is. Undefined for sound only, and
 * for what can't be read.
 */
export function frameRate(init: Buffer, head: Buffer): number | undefined {
  try {
    const track = videoTrack(init);
    if (!track) return undefined;
    for (const traf of boxesAt(head, ['moof', 'traf'])) {
      const rate = rateOf(traf, track);
      if (rate !== undefined) return rate;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // A box shorter than its fields.
  }
  return undefined;
}

function videoTrack(init: Buffer): Track | undefined {
  for (const trak of boxesAt(init, ['moov', 'trak'])) {
    const [hdlr] = boxesAt(trak, ['mdia', 'hdlr']);
    if (hdlr?.toString('latin1', 8, 12) !== 'vide') continue;
    const [tkhd] = boxesAt(trak, ['tkhd']);
    const [mdhd] = boxesAt(trak, ['mdia', 'mdhd']);
    if (!tkhd || !mdhd) return undefined;
    const id = tkhd.readUInt32BE(tkhd.readUInt8(0) === 1 ? 20 : 12);
    const timescale = mdhd.readUInt32BE(mdhd.readUInt8(0) === 1 ? 20 : 12);
    const trex = [...boxesAt(init, ['moov', 'mvex', 'trex'])].find((box) => box.readUInt32BE(4) === id);
    return { id, timescale, duration: trex?.readUInt32BE(12) ?? 0 };
  }
  return undefined;
}

function rateOf(traf: Buffer, track: Track): number | undefined {
  const [tfhd] = boxesAt(traf, ['tfhd']);
  if (tfhd?.readUInt32BE(4) !== track.id) return undefined;
  const flags = tfhd.readUInt32BE(0);
  const at = 8 + (flags & TFHD_OFFSET ? 8 : 0) + (flags & TFHD_DESCRIPTION ? 4 : 0);
  const usual = flags & TFHD_DURATION ? tfhd.readUInt32BE(at) : track.duration;
  let [frames, duration] = [0, 0];
  for (const trun of boxesAt(traf, ['trun'])) {
    const count = trun.readUInt32BE(4);
    frames += count;
    duration += durationOf(trun, count, usual);
  }
  return frames > 0 && duration > 0 ? (frames * track.timescale) / duration : undefined;
}

function durationOf(trun: Buffer, count: number, usual: number): number {
  const flags = trun.readUInt32BE(0);
  if (!(flags & TRUN_DURATION)) return count * usual;
  const first = 8 + (flags & TRUN_OFFSET ? 4 : 0) + (flags & TRUN_FIRST_FLAGS ? 4 : 0);
  const size = 4 * TRUN_PER_SAMPLE.filter((flag) => flags & flag).length;
  let sum = 0;
  for (let n = 0; n < count; n++) sum += trun.readUInt32BE(first + n * size);
  return sum;
}
