/**
 * Asks one camera over ONVIF which streams it has, in a process of its own: what a camera answers is anybody's word, and
 * nothing in it may harm the recorder.
 *
 * Is sent one question, and answers once.
 */
import { Cam } from 'onvif';
import { messageOf } from '#runtime';
import type { OnvifAnswer, OnvifQuestion, OnvifStream } from './onvif.ts';

const MOST_STREAMS = 32;
/** An answer without an end would take the memory that the recorder needs. */
const MOST_MEMORY = 400 * 1024 * 1024;
const LOOK_EVERY_MS = 100;
const ADDRESS = /^(?:rtsps?|https?):\/\//i;

setInterval(() => process.memoryUsage.rss() > MOST_MEMORY && process.exit(1), LOOK_EVERY_MS).unref();
process.on('disconnect', () => process.exit(1));
process.once('message', (question) => {
  // Only onvif.ts asks here.
  void answer(question as OnvifQuestion).then((told) => process.send?.(told, () => process.disconnect()));
});

async function answer(question: OnvifQuestion): Promise<OnvifAnswer> {
  try {
    return { streams: await streamsOf(question) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

async function streamsOf(question: OnvifQuestion): Promise<OnvifStream[]> {
  const options = { autoconnect: false, preserveAddress: true, secureOpts: { rejectUnauthorized: false } };
  const camera = new Cam({ ...question, ...options });
  await new Promise<void>((resolve, reject) => {
    camera.connect((error) => (error ? reject(error) : resolve()));
  });
  // The library's type promises more: each member may be missing or another.
  const profiles = (camera.profiles ?? []) as unknown as Profile[];
  const streams: OnvifStream[] = [];
  for (const profile of profiles.slice(0, MOST_STREAMS)) {
    const token = profile.$?.token;
    if (profile.videoEncoderConfiguration === undefined || token === undefined) continue;
    const told = await new Promise((resolve) => {
      // Some cameras list profiles that they don't stream.
      camera.getStreamUri({ protocol: 'RTSP', profileToken: token }, (error, uri) => resolve(error ? {} : uri));
    });
    const stream = streamOf(profile, told, question.hostname);
    if (stream) streams.push(stream);
  }
  return streams;
}

interface Profile {
  $?: { token?: string };
  name?: unknown;
  videoEncoderConfiguration?: {
    encoding?: unknown;
    resolution?: { width?: unknown; height?: unknown };
    rateControl?: { frameRateLimit?: unknown; bitrateLimit?: unknown };
  };
}

/** At the address by which the camera was reached: behind a router it knows another. */
function streamOf(profile: Profile, told: unknown, hostname: string): OnvifStream | undefined {
  const uri = typeof told === 'object' && told !== null && 'uri' in told ? told.uri : undefined;
  if (typeof uri !== 'string' || !ADDRESS.test(uri) || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  url.hostname = hostname.includes(':') ? `[${hostname}]` : hostname;
  url.username = '';
  url.password = '';
  const { encoding, resolution, rateControl } = profile.videoEncoderConfiguration ?? {};
  return {
    name: words(profile.name),
    url: url.href,
    codec: words(encoding).toLowerCase(),
    width: count(resolution?.width),
    height: count(resolution?.height),
    fps: count(rateControl?.frameRateLimit),
    kbps: count(rateControl?.bitrateLimit),
  };
}

function words(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? String(value)
        .replace(/\p{Cc}/gu, ' ')
        .trim()
        .slice(0, 100)
    : '';
}

function count(value: unknown): number {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : 0;
}
