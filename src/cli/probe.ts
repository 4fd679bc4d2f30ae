import { adviceFor, discoverCameras, onvifStreams, probeSource } from '#camera';
import type { CameraFacts } from '#domain';
import { print, printTable, styled } from './terminal.ts';

/** Prints what the camera sends, and which of its settings to change. Files are allowed: this is the box's own user. */
export async function probe(url: string, transport: 'tcp' | 'udp', signal: AbortSignal): Promise<void> {
  if (/^onvifs?:/i.test(url)) return listStreams(url, signal);
  const facts = await probeSource(url, { transport, allowFile: true, signal });
  printTable(factRows(facts), false);
  for (const line of adviceFor(facts)) print(`${styled('yellow', 'advice:')} ${line}`);
}

/** Prints what the camera tells of its streams over ONVIF. */
async function listStreams(url: string, signal: AbortSignal): Promise<void> {
  printTable([
    ['PICTURE', 'CODEC', 'RATE', 'NAME', 'ADDRESS, WITHOUT USER AND PASSWORD'],
    ...(await onvifStreams(url, signal)).map(({ width, height, codec, fps, kbps, name, url }) => [
      width > 0 ? `${width}×${height}` : '',
      codec,
      [fps > 0 ? `${fps} fps` : '', kbps > 0 ? `${kbps} kbit/s` : ''].filter(Boolean).join(', '),
      name,
      url,
    ]),
  ]);
}

/** Prints the cameras that answer, by address, and how to go on. */
export async function discover(signal: AbortSignal): Promise<void> {
  const found = await discoverCameras({ signal });
  printTable([
    ['ADDRESS', 'NAME', 'HARDWARE'],
    ...found.map((each) => [each.address, each.name, each.hardware].map((cell) => cell ?? '')),
  ]);
  if (found.length === 0) print('no camera answered: some do so only after ONVIF was switched on in their settings');
  else print('ask one for its streams: watchpost probe onvif://user:password@ADDRESS');
}

function factRows(facts: CameraFacts): string[][] {
  const { clockOffsetMs: offset } = facts;
  const audio = [facts.audioCodec, hertz(facts.audioSampleRate), channels(facts.audioChannels)];
  return [
    ...pictureRows(facts),
    ['audio', facts.audioCodec ? audio.filter(Boolean).join(', ') : 'none'],
    ['clock', offset === undefined ? 'not told by the camera' : `${round(offset / 1000)} s ahead of this box`],
    ['transport', facts.transport],
  ];
}

function pictureRows({ videoCodec, width, height, fps, keyframeIntervalS: interval }: CameraFacts): string[][] {
  if (videoCodec === undefined) return [['video', 'none: it sends sound only']];
  return [
    ['video', `${videoCodec} ${width}×${height}, ${round(fps)} fps`],
    ['keyframes', interval === undefined ? 'not measured: fewer than two came' : `every ${round(interval)} s`],
  ];
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
