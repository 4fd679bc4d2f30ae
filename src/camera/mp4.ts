/** As much of ISO BMFF as is needed to know when a segment begins, how long it is, and what codecs it has. */
interface Box {
  type: string;
  data: Buffer;
}

function* boxesIn(data: Buffer): Generator<Box> {
  for (let at = 0; at + 8 <= data.length; ) {
    const size = data.readUInt32BE(at);
    if (size < 8) return;
    yield { type: data.toString('latin1', at + 4, at + 8), data: data.subarray(at + 8, at + size) };
    at += size;
  }
}

export function* boxesAt(data: Buffer, [type, ...inner]: readonly string[]): Generator<Buffer> {
  for (const box of boxesIn(data)) {
    if (box.type !== type) continue;
    if (inner.length === 0) yield box.data;
    else yield* boxesAt(box.data, inner);
  }
}

/** Seconds on the session's clock. */
export interface SegmentTimes {
  startS: number;
  durationS: number;
}

/**
 * Start and duration of a segment's first track, which is the video, from its segment index. `head` is the file's
 * beginning, a few kilobytes. Undefined when there is no index: the segment isn't complete.
 */
export function segmentTimes(head: Buffer): SegmentTimes | undefined {
  for (const sidx of boxesAt(head, ['sidx'])) {
    if (sidx.length < 24) return undefined;
    const wide = sidx.readUInt8(0) === 1;
    const timescale = sidx.readUInt32BE(8);
    const earliest = wide ? Number(sidx.readBigInt64BE(12)) : sidx.readInt32BE(12);
    const countAt = wide ? 30 : 22;
    const count = sidx.readUInt16BE(countAt);
    let duration = 0;
    for (let i = 0; i < count; i++) duration += sidx.readUInt32BE(countAt + 2 + i * 12 + 4);
    return { startS: earliest / timescale, durationS: duration / timescale };
  }
  return undefined;
}

const SAMPLE_ENTRIES = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'];

/** RFC 6381 codecs of an init file, for playlists; undefined when a video codec isn't one we can name exactly. */
export function codecsOf(init: Buffer): string | undefined {
  const names: string[] = [];
  for (const stsd of boxesAt(init, SAMPLE_ENTRIES)) {
    for (const { type, data } of boxesIn(stsd.subarray(8))) {
      const name = type === 'mp4a' ? 'mp4a.40.2' : videoCodec(type, data.subarray(78));
      if (name === undefined) return undefined;
      names.push(name);
    }
  }
  return names.length > 0 ? names.join(',') : undefined;
}

/** `parts` follow the fields that all kinds of pictures have. */
function videoCodec(type: string, parts: Buffer): string | undefined {
  const [avcC] = boxesAt(parts, ['avcC']);
  if (type === 'avc1' && avcC) return `avc1.${avcC.toString('hex', 1, 4)}`;
  const [hvcC] = boxesAt(parts, ['hvcC']);
  if ((type === 'hvc1' || type === 'hev1') && hvcC && hvcC.length > 12) return `${type}.${hevcProfile(hvcC)}`;
  const [av1C] = boxesAt(parts, ['av1C']);
  return type === 'av01' && av1C && av1C.length > 2 ? `av01.${av1Profile(av1C)}` : undefined;
}

/** ISO/IEC 14496-15, annex E: profile, compatibility from the last bit to the first, tier and level, constraints. */
function hevcProfile(hvcC: Buffer): string {
  const general = hvcC.readUInt8(1);
  const space = ['', 'A', 'B', 'C'][general >> 6];
  const compatibility = hvcC.readUInt32BE(2).toString(2).padStart(32, '0').split('').reverse().join('');
  const tier = general & 0x20 ? 'H' : 'L';
  const constraints = [...hvcC.subarray(6, 12)].map((byte) => byte.toString(16).toUpperCase());
  while (constraints.at(-1) === '0') constraints.pop();
  const profile = `${space}${general & 0x1f}.${Number.parseInt(compatibility, 2).toString(16).toUpperCase()}`;
  return [`${profile}.${tier}${hvcC.readUInt8(12)}`, ...constraints].join('.');
}

/** AV1 in ISO BMFF, section 5: profile, level and tier, bits. */
function av1Profile(av1C: Buffer): string {
  const [profileAndLevel, flags] = [av1C.readUInt8(1), av1C.readUInt8(2)];
  const level = String(profileAndLevel & 0x1f).padStart(2, '0');
  const bits = flags & 0x40 ? (flags & 0x20 ? '12' : '10') : '08';
  return `${profileAndLevel >> 5}.${level}${flags & 0x80 ? 'H' : 'M'}.${bits}`;
}
