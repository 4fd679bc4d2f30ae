/**
 * The demo's picture, drawn by ffmpeg from nothing: a yard at dusk with a loading zone marked on the ground. One minute,
 * then again from the start. `ACTS` says what happens when; everything else here is how it looks.
 */
import { rename } from 'node:fs/promises';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { Fault, messageOf } from '#runtime';

/** Seconds within each minute. */
const ACTS = {
  /** A figure walks in from the left, stands in the loading zone, and leaves to the right. */
  walk: { from: 6, arrives: 13, leaves: 17, to: 21 },
  /** A van passes behind, left to right. */
  van: { from: 23, to: 30 },
  lightsOff: { from: 33, to: 41 },
  /** A hand lies over the lens. */
  covered: { from: 45, to: 52 },
} as const;

/** Where the loading zone is, as fractions of the picture. */
export const LOADING_ZONE: [number, number][] = [
  [0.55, 0.66],
  [0.9, 0.66],
  [0.97, 0.97],
  [0.52, 0.97],
];

const WIDTH = 960;
const HEIGHT = 540;
const FPS = 15;
const MINUTE = 60;
/** How often the minute is repeated in the file; a viewer of the demo who stays longer sees the camera reconnect. */
const REPEATS = 60;

/** Writes an MP4 (H.264 with a keyframe each second, quiet AAC) of an hour. Throws `unavailable` without ffmpeg. */
export async function renderScene(file: string, signal: AbortSignal): Promise<void> {
  const minute = `${file}.minute.mp4`;
  await save(drawing(), minute, signal);
  const repeated = ffmpeg(minute).inputOptions(['-stream_loop', String(REPEATS - 1)]);
  await save(repeated.outputOptions(['-c', 'copy']), `${file}.part.mp4`, signal);
  await rename(`${file}.part.mp4`, file);
}

async function save(command: FfmpegCommand, file: string, signal: AbortSignal): Promise<void> {
  const stop = () => command.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      command
        .on('end', () => resolve())
        .on('error', reject)
        .save(file);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new Fault('unavailable', `ffmpeg couldn't draw the demo's scene: ${messageOf(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function drawing(): FfmpegCommand {
  const sources = [
    `color=c=0x9aa3a8:s=${WIDTH}x${HEIGHT}:r=${FPS}`,
    `color=c=black:s=96x216:r=${FPS}:d=1`,
    'color=c=black:s=300x130:r=1:d=1',
    'sine=frequency=110:sample_rate=16000',
    'anoisesrc=color=brown:amplitude=0.05:sample_rate=16000',
  ];
  const command = ffmpeg();
  for (const source of sources)
    command
      .input(source)
      .inputFormat('lavfi')
      .inputOptions(['-t', String(MINUTE)]);
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '27', '-pix_fmt', 'yuv420p', '-bf', '0'];
  const keyframes = ['-g', String(FPS), '-keyint_min', String(FPS), '-sc_threshold', '0'];
  const sound = ['-c:a', 'aac', '-b:a', '32k'];
  return command
    .complexFilter(picture(), ['video', 'audio'])
    .outputOptions([...video, ...keyframes, ...sound, '-t', String(MINUTE)]);
}

type Rectangle = [x: number, y: number, width: number, height: number, colour: string];

const YARD: Rectangle[] = [
  [0, 0, 960, 120, '0x6f8fae'], // sky
  [0, 90, 960, 170, '0x8d7b68'], // wall
  [0, 86, 960, 8, '0x5e5146'],
  [90, 130, 150, 130, '0x4b5d67'], // gate
  [96, 136, 68, 124, '0x5d727e'],
  [168, 136, 66, 124, '0x5d727e'],
  [660, 120, 90, 60, '0x2f3b45'], // window
  [666, 126, 36, 48, '0xd9c77a'],
  [708, 126, 36, 48, '0xd9c77a'],
  [430, 100, 26, 12, '0xfff3c4'], // lamp
  [0, 260, 960, 26, '0x74706a'], // pavement
  [0, 286, 960, 254, '0x5b5d60'], // ground
  [0, 300, 960, 4, '0x6a6c6f'],
];

/** The zone's outline on the ground: two level lines, and slanted sides made of short steps. */
function zoneMarks(): Rectangle[] {
  const at = (corner: number) => LOADING_ZONE[corner] ?? [0, 0];
  const side = (from: number, to: number): Rectangle[] =>
    Array.from({ length: 24 }, (_, step) => {
      const [x1, y1] = at(from);
      const [x2, y2] = at(to);
      const share = step / 24;
      const x = (x1 + (x2 - x1) * share) * WIDTH;
      return [Math.round(x), Math.round((y1 + (y2 - y1) * share) * HEIGHT), 9, 8, '0xe0b63a'];
    });
  const level = (from: number, to: number): Rectangle => {
    const [x1, y] = at(from);
    return [Math.round(x1 * WIDTH), Math.round(y * HEIGHT), Math.round((at(to)[0] - x1) * WIDTH), 7, '0xe0b63a'];
  };
  return [level(0, 1), level(3, 2), ...side(0, 3), ...side(1, 2)];
}

function drawn(rectangles: readonly Rectangle[]): string {
  return rectangles.map(([x, y, w, h, c]) => `drawbox=x=${x}:y=${y}:w=${w}:h=${h}:c=${c}:t=fill`).join(',');
}

function picture(): string {
  const { walk, van, lightsOff, covered } = ACTS;
  const stand = WIDTH * 0.68;
  const feet = HEIGHT * 0.86 - 216;
  const stands = `between(t,${walk.arrives},${walk.leaves})`;
  const walks = `enable='between(t,${walk.from},${walk.to})*not(${stands})'`;
  const walkX =
    `if(lt(t,${walk.arrives}),-96+(t-${walk.from})/${walk.arrives - walk.from}*${stand + 96},` +
    `if(lt(t,${walk.leaves}),${stand},${stand}+(t-${walk.leaves})/${walk.to - walk.leaves}*${WIDTH - stand}))`;
  const vanX = `-300+(t-${van.from})/${van.to - van.from}*${WIDTH + 300}`;
  const hand = `if(lt(t,${covered.from + 0.5}),(1-(t-${covered.from})*2)*${HEIGHT},if(gt(t,${covered.to - 0.5}),(t-${covered.to - 0.5})*2*${HEIGHT},0))`;
  const during = ({ from, to }: { from: number; to: number }) => `enable='between(t,${from},${to})'`;
  return [
    `[0]${drawn(YARD)},${drawn(zoneMarks())},noise=alls=3:allf=t[yard]`,
    `[1]${figure()},split[step][still];[step]loop=loop=-1:size=${FPS},setpts=N/${FPS}/TB[walking];[still]trim=end_frame=1[standing]`,
    `[2]${vanShape()}[van]`,
    `color=c=0x2a1712:s=${WIDTH}x${HEIGHT}:r=${FPS}:d=${MINUTE}[hand]`,
    `[yard][van]overlay=x='${vanX}':y=178:${during(van)}[a]`,
    `[a][walking]overlay=x='${walkX}':y=${feet}:${walks}[w];[w][standing]overlay=x=${stand}:y=${feet}:enable='${stands}'[b]`,
    `[b]colorchannelmixer=rr=0.22:gg=0.22:bb=0.3:${during(lightsOff)}[c]`,
    `[c][hand]overlay=x=0:y='${hand}':${during(covered)}[video]`,
    '[3]volume=0.01[hum];[hum][4]amix=inputs=2[audio]',
  ].join(';');
}

/** A person in outline, drawn pixel by pixel: one second of two steps; its first picture has the legs together. */
function figure(): string {
  const swing = 'sin(2*PI*T)';
  const ellipse = (cx: string, cy: number, rx: number, ry: number) =>
    `lt(pow((X-(${cx}))/${rx},2)+pow((Y-${cy})/${ry},2),1)`;
  const limb = (direction: number, top: number, bottom: number, width: number, reach: number) =>
    `between(Y,${top},${bottom})*lt(abs(X-48-${direction}*(${swing})*${reach}*(Y-${top})/${bottom - top}-${direction}*${width / 2}),${width})`;
  const head = ellipse('48', 24, 15, 20);
  const hair = `${head}*lt(Y,18)`;
  const coat = `max(${ellipse('48', 62, 25, 24)},between(Y,60,128)*lt(abs(X-48),24-(Y-60)*0.08))`;
  const arms = `max(${limb(1, 52, 120, 8, 22)}*gt(X,48),${limb(-1, 52, 120, 8, 22)}*lt(X,48))`;
  const legs = `max(${limb(1, 120, 206, 10, 20)},${limb(-1, 120, 206, 10, 20)})`;
  const shoes = `max(${ellipse(`50+(${swing})*20+10`, 207, 15, 8)},${ellipse(`46-(${swing})*20-4`, 207, 15, 8)})`;
  const shade = '(0.75+0.25*X/96)';
  const colour = (hairC: number, skin: number, coatC: number, trousers: number, shoe: number) =>
    `${shade}*if(${hair},${hairC},if(${head},${skin},if(max(${coat},${arms}),${coatC},if(${legs},${trousers},${shoe}))))`;
  const alpha = `255*max(max(${head},${coat}),max(${arms},max(${legs},${shoes})))`;
  return (
    'format=rgba,geq=' +
    `r='${colour(50, 214, 176, 38, 24)}':g='${colour(36, 168, 44, 44, 22)}':b='${colour(28, 140, 40, 66, 20)}':a='${alpha}'`
  );
}

function vanShape(): string {
  const body = drawn([
    [0, 0, 300, 112, '0xe8e6df'],
    [0, 70, 300, 10, '0x2f6fa8'],
    [214, 14, 70, 40, '0x27333c'],
    [150, 14, 56, 40, '0x27333c'],
    [0, 100, 300, 12, '0x3a3d40'],
    [290, 76, 10, 14, '0xf3d36b'],
  ]);
  const wheel = (x: number) => `lt(hypot(X-${x},Y-106),24)`;
  const rim = (x: number) => `lt(hypot(X-${x},Y-106),10)`;
  const tone = (plane: string) =>
    `if(max(${rim(66)},${rim(236)}),150,if(max(${wheel(66)},${wheel(236)}),22,${plane}(X,Y)))`;
  const shape = `255*max(between(Y,0,112)*gt(Y,(X-250)*0.9),max(${wheel(66)},${wheel(236)}))`;
  return `${body},format=rgba,geq=r='${tone('r')}':g='${tone('g')}':b='${tone('b')}':a='${shape}'`;
}
