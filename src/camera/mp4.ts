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

function* boxesAt(data: Buffer, [type, ...inner]: readonly string[]): Generator<Buffer> {
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
      if (type === 'mp4a') names.push('mp4a.40.2');
      else if (type !== 'avc1') return undefined;
      else {
        const [avcC] = boxesAt(data.subarray(78), ['avcC']);
        if (!avcC) return undefined;
        names.push(`avc1.${avcC.toString('hex', 1, 4)}`);
      }
    }
  }
  return names.length > 0 ? names.join(',') : undefined;
}
