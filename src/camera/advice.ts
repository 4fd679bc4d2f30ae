import type { CameraFacts } from '#domain';

/** What a person should change in the camera's settings, and why. Empty when all is well. */
export function adviceFor(facts: CameraFacts): string[] {
  const lines: string[] = [];
  const { videoCodec, fps, keyframeIntervalS: interval, clockOffsetMs: offset = 0 } = facts;
  if (videoCodec !== undefined && (interval === undefined || interval > 2.5)) {
    const seen = interval === undefined ? 'keyframes are rare' : `a keyframe comes only every ${round(interval)} s`;
    const frames = fps > 0 ? ` (${Math.round(fps * 2)} frames at ${round(fps)} fps)` : '';
    lines.push(
      `${seen}: set the I-frame interval (also "GOP" or "key frame interval") to 2 s${frames}. ` +
        'Then recordings start sooner, and pictures cost a tenth of the CPU.',
    );
  }
  if (videoCodec === 'hevc' || videoCodec === 'h265')
    lines.push('H.265 is recorded as it is, but not every browser plays it: choose H.264 where that matters.');
  if (videoCodec === 'mjpeg')
    lines.push('MJPEG takes ten times the disk and network of H.264: choose H.264 if the camera has it.');
  if (Math.abs(offset) > 2000)
    lines.push(
      `its clock is ${round(offset / 1000)} s off: set an NTP server, or the time it writes in the picture is wrong.`,
    );
  if (facts.transport === 'udp')
    lines.push('over UDP lost packets show as damaged pictures and sound: use TCP if it works.');
  return lines;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
