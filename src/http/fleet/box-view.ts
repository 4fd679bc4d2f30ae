import { z } from 'zod';
import { PARCEL_KINDS } from '#domain';
import type { BoxState } from '#fleet';
import type { MediaLinks } from '#playback';
import type { BoxCamera } from '#store';

const cameraAnswer = z.object({
  rtstream_id: z.string(),
  name: z.string(),
  phase: z.enum(['stopped', 'connecting', 'recording', 'stalled', 'waiting']),
  last_error: z.string().optional(),
  last_frame: z.number().optional(),
  here: z.boolean().describe('Whether anything of it has come: it is a stream of this box then'),
  gone: z.literal(true).optional().describe('Its box has it no more, and what came of it is here'),
  recorded_until: z.number().optional().describe('The end of its newest recording that is here'),
  picture_url: z.string().optional().describe('Of its newest scene that has one here'),
  picture_at: z.number().optional(),
});

export const boxAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    online: z.boolean().describe('Whether it was heard of in the last minutes'),
    last_seen: z.number().describe('Unix seconds, by the clock of this box'),
    first_seen: z.number(),
    started: z.number().describe('Since when it runs, by its own clock'),
    clock_ahead_s: z.number().describe("How far its clock is ahead of this box's"),
    lag_s: z.number().describe('How long the oldest has waited that it has yet to send'),
    waiting: z
      .array(z.object({ kind: z.enum(PARCEL_KINDS), items: z.number(), bytes: z.number() }))
      .describe('What it has yet to send'),
    cameras: z.array(cameraAnswer),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Box' });

type BoxAnswer = z.input<typeof boxAnswer>;
type CameraAnswer = z.input<typeof cameraAnswer>;

/** As the box told last, with what has come of its cameras. */
export function boxView(box: BoxState, cameras: readonly BoxCamera[], links: Pick<MediaLinks, 'thumbPath'>): BoxAnswer {
  const { name, version, startedMs, waiting, notes } = box.report;
  const here = new Map(cameras.map((camera) => [camera.id, camera]));
  const told = box.report.cameras.map(({ id, name: called, phase, lastError, lastFrameMs }): CameraAnswer => {
    const camera = here.get(id);
    here.delete(id);
    return {
      rtstream_id: id,
      name: called,
      phase,
      ...(lastError === undefined ? {} : { last_error: lastError }),
      ...(lastFrameMs === undefined ? {} : { last_frame: lastFrameMs / 1000 }),
      ...whatCame(camera, links),
    };
  });
  const gone = [...here.values()].map(
    (camera): CameraAnswer => ({
      rtstream_id: camera.id,
      name: camera.name,
      phase: 'stopped',
      gone: true,
      ...whatCame(camera, links),
    }),
  );
  return {
    id: box.id,
    name,
    version,
    online: box.online,
    last_seen: box.seenMs / 1000,
    first_seen: box.firstMs / 1000,
    started: startedMs / 1000,
    clock_ahead_s: box.clockAheadMs / 1000,
    lag_s: box.lagMs / 1000,
    waiting,
    cameras: [...told, ...gone],
    notes,
  };
}

function whatCame(camera: BoxCamera | undefined, links: Pick<MediaLinks, 'thumbPath'>) {
  const { recordedToMs, pictured } = camera ?? {};
  return {
    here: camera !== undefined,
    ...(recordedToMs === undefined ? {} : { recorded_until: recordedToMs / 1000 }),
    ...(pictured && { picture_url: links.thumbPath(pictured.sceneId), picture_at: pictured.atMs / 1000 }),
  };
}
