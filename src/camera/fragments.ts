import { Fault } from '#runtime';
import { boxesAt } from './mp4.ts';

/** No camera's single picture is larger; whoever claims more sends no MP4. */
const LARGEST_BOX = 16 * 1024 * 1024;
const HEADER = 8;

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
 * the other. Holds no more than the fragment that is coming. Throws `unavailable` for what is no such MP4.
 */
export class FragmentReader {
  readonly #onInit: (init: Buffer) => void;
  readonly #onFragment: (fragment: Fragment) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  #head: Buffer[] = [];
  #moof: Buffer | undefined;
  #track: Track | undefined;

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

  #box(box: Buffer): void {
    const type = box.toString('latin1', 4, HEADER);
    if (type === 'moov') {
      this.#track = pictureTrack(box);
      this.#onInit(Buffer.concat([...this.#head, box]));
      this.#head = [];
    } else if (type === 'moof') this.#moof = box;
    else if (type === 'mdat' && this.#moof) {
      const pictures = this.#track && picturesIn(this.#moof, this.#track);
      this.#onFragment({ data: Buffer.concat([this.#moof, box]), ...(pictures ? { pictures } : {}) });
      this.#moof = undefined;
    } else if (type === 'ftyp') this.#head.push(box);
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
    flags: has & 0x20 ? tfhd.readUInt32BE(flagsAt) : 0,
  };
}

/** Whether another sample is needed to decode it: bit 16 of its flags. */
const NON_SYNC = 0x10000;

/** As above, 8.8.8. */
function runOf(trun: Buffer, defaults: SampleDefaults): { duration: number; isSync: boolean } {
  const has = trun.readUInt32BE(0);
  const samples = trun.readUInt32BE(4);
  const width = (bit: number) => (has & bit ? 4 : 0);
  const firstFlagsAt = 8 + width(0x1);
  const samplesAt = firstFlagsAt + width(0x4);
  const sampleBytes = width(0x100) + width(0x200) + width(0x400) + width(0x800);
  let duration = 0;
  for (let n = 0; n < samples; n++) {
    duration += has & 0x100 ? trun.readUInt32BE(samplesAt + n * sampleBytes) : defaults.duration;
  }
  const ownFlagsAt = samplesAt + width(0x100) + width(0x200);
  const own = has & 0x400 ? trun.readUInt32BE(ownFlagsAt) : defaults.flags;
  const flags = has & 0x4 ? trun.readUInt32BE(firstFlagsAt) : own;
  return { duration, isSync: samples > 0 && (flags & NON_SYNC) === 0 };
}
