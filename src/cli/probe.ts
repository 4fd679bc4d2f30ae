import { probeSource } from '#camera';
import type { CameraFacts } from '#domain';
import { print, printTable, styled } from './terminal.ts';

/** Prints what the camera sends, and which of its settings to change. Files are allowed: this is the box's own user. */
export async function probe(url: string, transport: 'tcp' | 'udp', signal: AbortSignal): Promise<void> {
  const facts = await probeSource(url, { transport, allowFile: true, signal });
  printTable(factRows(facts), false);
  for (const line of advice(facts)) print(`${styled('yellow', 'advice:')} ${line}`);
}

function factRows(facts: CameraFacts): string[][] {
  const { keyframeIntervalS: interval, clockOffsetMs: offset } = facts;
  const audio = [facts.audioCodec, hertz(facts.audioSampleRate), channels(facts.audioChannels)];
  return [
    ['video', `${facts.videoCodec} ${facts.width}×${facts.height}, ${round(facts.fps)} fps`],
    ['keyframes', interval === undefined ? 'not measured: fewer than two came' : `every ${round(interval)} s`],
    ['audio', facts.audioCodec ? audio.filter(Boolean).join(', ') : 'none'],
    ['clock', offset === undefined ? 'not told by the camera' : `${round(offset / 1000)} s ahead of this box`],
    ['transport', facts.transport],
  ];
}

/** What a person should change in the camera's settings, and why. Empty when all is well. */
export function advice(facts: CameraFacts): string[] {
  const lines: string[] = [];
  const { fps, keyframeIntervalS: interval, clockOffsetMs: offset = 0 } = facts;
  if (interval === undefined || interval > 2.5) {
    const seen = interval === undefined ? 'keyframes are rare' : `a keyframe comes only every ${round(interval)} s`;
    const frames = fps > 0 ? ` (${Math.round(fps * 2)} frames at ${round(fps)} fps)` : '';
    lines.push(
      `${seen}: set the I-frame interval (also "GOP" or "key frame interval") to 2 s${frames}. ` +
        'Then recordings start sooner, and pictures cost a tenth of the CPU.',
    );
  }
  if (['hevc', 'h265'].includes(facts.videoCodec))
    lines.push('H.265 is recorded as it is, but not every browser plays it: choose H.264 where that matters.');
  if (facts.videoCodec === 'mjpeg')
    lines.push('MJPEG takes ten times the disk and network of H.264: choose H.264 if the camera has it.');
  if (Math.abs(offset) > 2000)
    lines.push(
      `its clock is ${round(offset / 1000)} s off: set an NTP server, or the time it writes in the picture is wrong.`,
    );
  if (facts.transport === 'udp') lines.push('over UDP lost packets show as damaged pictures: use TCP if it works.');
  return lines;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function hertz(rate: number | undefined): string {
  return rate ? `${rate / 1000} kHz` : '';
}

function channels(count: number | undefined): string {
  if (!count) return '';
  return count === 1 ? 'mono' : count === 2 ? 'stereo' : `${count} channels`;
}
