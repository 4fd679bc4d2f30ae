import { Fault } from '#runtime';
import { boxesAt } from './mp4.ts';

/** No camera's single picture is larger; whoever claims more sends no MP4. */
const LARGEST_BOX = 16 * 1024 * 1024;
const HEADER = 8;
/** A first picture that lasts so many times as long as the second has no time of its own. */
const ODD = 3;

/** One `moof` with its `mdat`, as ffmpeg wrote them. */
export interface Fragment {
  data: Buffer;
  /** Of its pictures; absent where it has only sound. In seconds on the input's clock. */
  pictures?: { startS: number; durationS: number; isKeyframe: boolean };
}

interface Track {
  id: number;
  timescale: number;
}

/**
 * Cuts fragmented MP4 at its boxes as it comes from a pipe: what stands before the first fragment, then one fragment after
 * the other. RTSP's first picture often has no time of its own, and ffmpeg says 0: it gets the time right before the second.
 * Holds no more than the fragment that is coming. Throws `unavailable` for what is no such MP4.
 */
export class FragmentReader {
  readonly #onInit: (init: Buffer) => void;
  readonly #onFragment: (fragment: Fragment) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  #head: Buffer[] = [];
  #moof: Buffer | undefined;
  #track: Track | undefined;
  /** Until the second picture has come. */
  #beginning: Fragment[] | undefined = [];

  constructor(onInit: (init: Buffer) => void, onFragment: (fragment: Fragment) => void) {
    this.#onInit = onInit;
    this.#onFragment = onFragment;
  }

  read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (let box = this.#take(); box; box = this.#take()) this.#box(box);
  }

  /** The next box when all of it has come. */
  #take(): Buffer | undefined {
    if (this.#length < HEADER) return undefined;
    const size = this.#join(HEADER).readUInt32BE(0);
    if (size < HEADER || size > LARGEST_BOX) throw new Fault('unavailable', 'gave what is no fragmented MP4');
    if (this.#length < size) return undefined;
    const joined = this.#join(size);
    this.#chunks[0] = joined.subarray(size);
    this.#length -= size;
    return joined.subarray(0, size);
  }

  /** The first of what waits, at least so long, in one piece. */
  #join(bytes: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#chunks;
    if (first.length >= bytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #came(fragment: Fragment): void {
    if (!this.#beginning) {
      this.#onFragment(fragment);
      return;
    }
    this.#beginning.push(fragment);
    const [first, second] = this.#beginning.filter(({ pictures }) => pictures);
    if (!first?.pictures || !second?.pictures || !this.#track) return;
    const { startS, durationS } = second.pictures;
    if (first.pictures.durationS > ODD * durationS) {
      retime(first, this.#track, Math.max(0, startS - durationS), durationS);
    }
    for (const one of this.#beginning) this.#onFragment(one);
    this.#beginning = undefined;
  }

  #box(box: Buffer): void {
    const type = box.toString('latin1', 4, HEADER);
    if (type === 'moov') {
      this.#track = pictureTrack(box);
      this.#onInit(Buffer.concat([...this.#head, box]));
      this.#head = [];
    } else if (type === 'moof') this.#moof = box;
    else if (type === 'mdat' && this.#moof) {
      const pictures = this.#track && picturesIn(this.#moof, this.#track);
      this.#came({ data: Buffer.concat([this.#moof, box]), ...(pictures ? { pictures } : {}) });
      this.#moof = undefined;
    } else if (type === 'ftyp') this.#head.push(box);
  }
}

/** Gives the fragment's only picture another time, in its bytes as well. */
function retime(fragment: Fragment, { id, timescale }: Track, startS: number, durationS: number): void {
  for (const traf of boxesAt(fragment.data, ['moof', 'traf'])) {
    const [tfhd] = boxesAt(traf, ['tfhd']);
    const [tfdt] = boxesAt(traf, ['tfdt']);
    const [trun] = boxesAt(traf, ['trun']);
    if (!tfhd || !tfdt || !trun || tfhd.readUInt32BE(4) !== id || !fragment.pictures) continue;
    const [start, duration] = [Math.round(startS * timescale), Math.round(durationS * timescale)];
    if (tfdt.readUInt8(0) === 1) tfdt.writeBigUInt64BE(BigInt(start), 4);
    else tfdt.writeUInt32BE(start, 4);
    const { durationAt } = defaultsOf(tfhd);
    const fields = fieldsOf(trun);
    if (fields.duration !== undefined) trun.writeUInt32BE(duration, fields.duration);
    else if (durationAt !== undefined) tfhd.writeUInt32BE(duration, durationAt);
    // What was to lead from 0 to the time at which it is shown.
    if (fields.offset !== undefined) trun.writeUInt32BE(0, fields.offset);
    fragment.pictures = { ...fragment.pictures, startS, durationS };
  }
}

function pictureTrack(moov: Buffer): Track | undefined {
  for (const trak of boxesAt(moov, ['moov', 'trak'])) {
    const [handler] = boxesAt(trak, ['mdia', 'hdlr']);
    const [mdhd] = boxesAt(trak, ['mdia', 'mdhd']);
    const [tkhd] = boxesAt(trak, ['tkhd']);
    if (handler?.toString('latin1', 8, 12) !== 'vide' || !mdhd || !tkhd) continue;
    const wide = (box: Buffer) => box.readUInt8(0) === 1;
    return { id: tkhd.readUInt32BE(wide(tkhd) ? 20 : 12), timescale: mdhd.readUInt32BE(wide(mdhd) ? 20 : 12) };
  }
  return undefined;
}

function picturesIn(moof: Buffer, { id, timescale }: Track): Fragment['pictures'] {
  for (const traf of boxesAt(moof, ['moof', 'traf'])) {
    const [tfhd] = boxesAt(traf, ['tfhd']);
    const [tfdt] = boxesAt(traf, ['tfdt']);
    if (!tfhd || !tfdt || tfhd.readUInt32BE(4) !== id) continue;
    const defaults = defaultsOf(tfhd);
    const runs = [...boxesAt(traf, ['trun'])].map((trun) => runOf(trun, defaults));
    const start = tfdt.readUInt8(0) === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
    const duration = runs.reduce((sum, run) => sum + run.duration, 0);
    return { startS: start / timescale, durationS: duration / timescale, isKeyframe: runs[0]?.isSync ?? false };
  }
  return undefined;
}

interface SampleDefaults {
  duration: number;
  durationAt: number | undefined;
  flags: number;
}

/** ISO/IEC 14496-12, 8.8.7: each field stands there when its bit is set. */
function defaultsOf(tfhd: Buffer): SampleDefaults {
  const has = tfhd.readUInt32BE(0);
  let at = 8;
  const skip = (bit: number, bytes: number) => {
    const from = at;
    if (has & bit) at += bytes;
    return from;
  };
  skip(0x1, 8); // Base data offset.
  skip(0x2, 4); // Sample description.
  const durationAt = skip(0x8, 4);
  skip(0x10, 4); // Size.
  const flagsAt = skip(0x20, 4);
  return {
    duration: has & 0x8 ? tfhd.readUInt32BE(durationAt) : 0,
    durationAt: has & 0x8 ? durationAt : undefined,
    flags: has & 0x20 ? tfhd.readUInt32BE(flagsAt) : 0,
  };
}

/** Whether another sample is needed to decode it: bit 16 of its flags. */
const NON_SYNC = 0x10000;

/** As above, 8.8.8: where the fields of its first sample are, and how many bytes a sample has. */
function fieldsOf(trun: Buffer) {
  const has = trun.readUInt32BE(0);
  let at = 8;
  const field = (bit: number) => {
    if ((has & bit) === 0) return undefined;
    at += 4;
    return at - 4;
  };
  field(0x1); // Data offset.
  const firstFlags = field(0x4);
  const begin = at;
  const [duration, , flags, offset] = [field(0x100), field(0x200), field(0x400), field(0x800)];
  return { duration, flags: firstFlags ?? flags, offset, bytes: at - begin };
}

function runOf(trun: Buffer, defaults: SampleDefaults): { duration: number; isSync: boolean } {
  const samples = trun.readUInt32BE(4);
  const at = fieldsOf(trun);
  let duration = 0;
  for (let n = 0; n < samples; n++) {
    duration += at.duration === undefined ? defaults.duration : trun.readUInt32BE(at.duration + n * at.bytes);
  }
  const flags = at.flags === undefined ? defaults.flags : trun.readUInt32BE(at.flags);
  return { duration, isSync: samples > 0 && (flags & NON_SYNC) === 0 };
}
