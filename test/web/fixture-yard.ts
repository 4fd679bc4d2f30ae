/** A yard with five cameras in every state, with an hour behind them. All times hang on one `nowMs`. */
import type { AlertJson, CameraJson, SceneJson, TimelineJson } from '../../src/web/wire.ts';

export interface Yard {
  cameras: CameraJson[];
  scenes: SceneJson[];
  alerts: AlertJson[];
  timelines: Record<string, TimelineJson>;
}

const TEXTS = [
  'A person walks in from the left towards the door. Daylight, mostly grey and green.',
  'A red car and two people in the driveway. Something moves at the right edge.',
  'Nothing moves. Dim light, mostly grey.',
  'A dog crosses the yard from right to left.',
  'A delivery van stops at the gate; a person gets out carrying a suitcase.',
  'The lights go off. Dark, nothing moves.',
];

export function yard(nowMs: number): Yard {
  const now = nowMs / 1000;
  const cameras = [
    camera(nowMs, 'rts-door', 'Front door', {
      zones: [
        {
          name: 'porch',
          polygon: [
            [0.3, 0.55],
            [0.62, 0.5],
            [0.8, 0.98],
            [0.24, 0.98],
          ],
        },
      ],
    }),
    camera(nowMs, 'rts-drive', 'Driveway', {
      facts: { video_codec: 'hevc', width: 2560, height: 1440, fps: 20, audio_codec: 'aac' },
      windows_dropped: 3,
      frames_dropped: 12,
      sampling: 'decode',
      notes: ['Keyframes are 8 s apart, too far for 5 s windows: every frame is decoded at a low rate.'],
      keyframe_interval_s: 8,
      cpu_share: 0.11,
    }),
    camera(nowMs, 'rts-yard', 'Yard with a long name, behind the workshop', {
      facts: { video_codec: 'h264', width: 640, height: 480, fps: 15 },
      phase: 'stalled',
      last_error: 'No packet for 10 s',
      restarts: 2,
    }),
    camera(nowMs, 'rts-gate', 'Gate', {
      phase: 'waiting',
      last_error: 'rtsp://192.168.1.24 refuses the connection',
      next_try_ms: nowMs + 14_000,
      restarts: 7,
      fps_seen: 0,
      cpu_share: null,
    }),
    camera(nowMs, 'rts-store', 'Store room', {
      phase: 'connecting',
      facts: null,
      last_frame_ms: null,
      last_segment_end_ms: null,
      keyframe_interval_s: null,
      fps_seen: 0,
      cpu_share: null,
    }),
  ];
  return { cameras, scenes: scenes(now), alerts: alerts(now), timelines: timelines(now) };
}

function camera(nowMs: number, id: string, name: string, own: Partial<CameraJson>): CameraJson {
  return {
    stream_id: id,
    name,
    phase: 'recording',
    since_ms: nowMs - 3_600_000,
    restarts: 0,
    facts: { video_codec: 'h264', width: 1920, height: 1080, fps: 25, audio_codec: 'aac' },
    sampling: 'keyframes',
    fps_seen: 0.5,
    frames_seen: 1800,
    frames_dropped: 0,
    windows_dropped: 0,
    last_frame_ms: nowMs - 1200,
    last_segment_end_ms: nowMs - 3000,
    cpu_share: 0.018,
    notes: [],
    zones: [],
    keyframe_interval_s: 2,
    indexes: [{ id: `0123${id.length}`, name: 'scenes', status: 'running' }],
    ...own,
  };
}

function scenes(now: number): SceneJson[] {
  return Array.from({ length: 14 }, (_, rank) => {
    const drive = rank % 3 === 1;
    const start = now - 20 - rank * 150;
    return {
      id: 1000 - rank,
      stream_id: drive ? 'rts-drive' : 'rts-door',
      stream_name: drive ? 'Driveway' : 'Front door',
      start,
      end: start + 5 * (1 + (rank % 4)),
      text: TEXTS[rank % TEXTS.length] ?? '',
      thumbnail_url: `/v1/thumbs/${1000 - rank}.jpg?t=signed`,
    };
  });
}

function alerts(now: number): AlertJson[] {
  return [
    alert(
      now - 95,
      'a1',
      'person-at-door',
      'rts-door',
      'Front door',
      0.87,
      'A person came into “porch” from the left and stayed 6 s.',
    ),
    alert(
      now - 1330,
      'a2',
      'car-in-driveway',
      'rts-drive',
      'Driveway',
      0.64,
      'A car appeared; none was there in the 5 s before.',
    ),
  ];
}

function alert(
  at: number,
  id: string,
  label: string,
  streamId: string,
  name: string,
  confidence: number,
  why: string,
): AlertJson {
  return {
    id,
    label,
    alert_id: `alert-${label}`,
    index_id: 'index-1',
    stream_id: streamId,
    stream_name: name,
    start: at - 5,
    end: at,
    timestamp: new Date(at * 1000).toISOString(),
    confidence,
    explanation: why,
    thumbnail_url: `/v1/thumbs/${id}9.jpg?t=signed`,
  };
}

function timelines(now: number): Record<string, TimelineJson> {
  const motion = [300, 420, 980, 1310, 1335, 2100, 2130, 2160, 2890, 3400];
  const hour = (gapFrom: number, gapTo: number, reason: string): TimelineJson => ({
    recorded: [
      [now - 3600, now - gapFrom],
      [now - gapTo, now - 3],
    ],
    gaps: [{ start: now - gapFrom, end: now - gapTo, reason }],
    scenes: motion.map((ago, id) => ({ id, start: now - ago, end: now - ago + 15 + (id % 3) * 12, motion: true })),
    alerts: [{ id: 'a1', at: now - 95, label: 'person-at-door' }],
  });
  const away: TimelineJson = {
    recorded: [[now - 3600, now - 1500]],
    gaps: [{ start: now - 1500, end: now, reason: 'the camera refused the connection' }],
    scenes: [{ id: 1, start: now - 2500, end: now - 2400, motion: true }],
    alerts: [],
  };
  return {
    'rts-door': hour(1200, 1140, 'the camera restarted'),
    'rts-drive': {
      ...hour(2600, 2580, 'the camera restarted'),
      alerts: [{ id: 'a2', at: now - 1330, label: 'car-in-driveway' }],
    },
    'rts-yard': {
      ...away,
      gaps: [{ start: now - 30, end: now, reason: 'no packet came' }],
      recorded: [[now - 3600, now - 30]],
    },
    'rts-gate': away,
  };
}
