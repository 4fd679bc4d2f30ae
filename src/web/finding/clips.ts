/** What is played of a moment: the stretch of which camera, under which title. Pure. */
import type { AlertJson, BoxJson, CameraJson, SceneJson, SentCameraJson } from '../wire.ts';
import type { Clip } from './player.ts';

/** Seconds of context around what happened. */
const BEFORE_S = 3;
const AFTER_S = 3;
/** What is played from a moment on a timeline. */
const FROM_MOMENT_S = 60;

export function sceneClip(scene: SceneJson): Clip {
  return { ...around(scene), title: titleOf(scene), text: scene.text };
}

export function alertClip(alert: AlertJson): Clip {
  return { ...around(alert), title: `${alert.label} · ${titleOf(alert)}`, text: alert.explanation };
}

export function momentClip({ stream_id: streamId, name: title }: CameraJson, at: number): Clip {
  const start = Math.floor(at);
  return { streamId, title, text: '', start, end: start + FROM_MOMENT_S, live: false };
}

/** Of another box's camera: from the moment on, or what came last. */
export function sentClip(camera: SentCameraJson, box: BoxJson, at?: number): Clip {
  const { rtstream_id: streamId, name, recorded_until: until = 0 } = camera;
  const start = Math.floor(at ?? until - FROM_MOMENT_S);
  const end = at === undefined ? Math.ceil(until) : start + FROM_MOMENT_S;
  return { streamId, title: `${box.name} · ${name}`, text: '', start, end, live: false, elsewhere: true };
}

/** The camera, after its box where that is another. */
function titleOf({ stream_name: name, box }: SceneJson | AlertJson): string {
  return box ? `${box.name} · ${name}` : name;
}

function around({ stream_id: streamId, start, end, box }: SceneJson | AlertJson) {
  return {
    streamId,
    start: Math.floor(start - BEFORE_S),
    end: Math.ceil(Math.max(end, start + 1) + AFTER_S),
    live: false,
    elsewhere: box !== undefined,
  };
}
