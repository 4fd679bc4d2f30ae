import type { Channel } from './channel.ts';

/** What is written changes little: more pictures would cost the computer more and tell the box nothing. */
const DISPLAY_FPS = 10;
const CAMERA_FPS = 15;
const KEYFRAME_S = 2;

/** Encoded pictures have even sides. */
const EVEN = 'crop=iw-mod(iw\\,2):ih-mod(ih\\,2):0:0';
const KEYFRAMES = `expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+${KEYFRAME_S}))`;

/** ffmpeg's argv that sends the channel to `url` over RTSP: H.264 at little cost for the processor, or AAC. */
export function publishArguments({ id, type, input }: Channel, url: string, fps?: number): string[] {
  const { format, address, options = [] } = input;
  const rate = String(fps ?? (id.startsWith('camera:') ? CAMERA_FPS : DISPLAY_FPS));
  return [
    ['-hide_banner', '-nostats', '-loglevel', 'level+error'],
    ['-f', format, ...(type === 'video' ? ['-framerate', rate] : []), ...options, '-i', address],
    type === 'video' ? picture(format, Number(rate)) : sound(id),
    ['-f', 'rtsp', '-rtsp_transport', 'tcp', url],
  ].flat();
}

/** Two threads, and nothing that waits for later pictures. At most 4 Mbit/s; a desktop has less than one. */
function picture(format: string, fps: number): string[] {
  const filter = format === 'kmsgrab' ? `hwdownload,format=bgr0,${EVEN}` : EVEN;
  return [
    ['-vf', filter, '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    // What ffmpeg takes for the rate of a display may be far too much.
    ['-r', String(fps), '-threads', '2', '-crf', '28', '-maxrate', '4M', '-bufsize', '4M'],
    ['-g', String(fps * KEYFRAME_S * 2), '-sc_threshold', '0', '-force_key_frames', KEYFRAMES],
  ].flat();
}

function sound(id: string): string[] {
  const voice = id.startsWith('mic:');
  return ['-c:a', 'aac', '-ar', '48000', '-ac', voice ? '1' : '2', '-b:a', voice ? '64k' : '128k'];
}
