/** The JSON of the appliance's own routes as the page reads it. Times are Unix seconds unless named otherwise. */
export type CameraPhase = 'stopped' | 'connecting' | 'recording' | 'stalled' | 'waiting';

export interface ZoneJson {
  name: string;
  /** Fractions 0–1 of the picture. */
  polygon: [number, number][];
}

export interface CameraFactsJson {
  video_codec?: string;
  width?: number;
  height?: number;
  fps?: number;
  audio_codec?: string | null;
  transport?: string;
}

/** What a camera sends that was tried, and how it looks. */
export interface ProbeJson {
  facts: CameraFactsJson & { keyframe_interval_s?: number };
  advice: string[];
  /** A data: URL. */
  picture?: string;
  /** Why there is none. */
  problem?: string;
}

/** A camera that answered when the box looked for some. */
export interface FoundCameraJson {
  address: string;
  name?: string;
  hardware?: string;
}

export interface OnvifStreamJson {
  name: string;
  /** Without user and password. */
  url: string;
  codec: string;
  /** 0 where the camera doesn't tell it. */
  width: number;
  height: number;
  fps: number;
}

export interface JobJson {
  id: string;
  kind: string;
  name?: string;
  status: 'processing' | 'done' | 'failed';
  /** 0–100 */
  percentage: number;
  error?: string;
  /** ISO 8601. */
  finished_at?: string;
}

export interface CameraJson {
  stream_id: string;
  name: string;
  phase: CameraPhase;
  since_ms: number;
  last_error?: string | null;
  next_try_ms?: number | null;
  restarts: number;
  facts?: CameraFactsJson | null;
  sampling?: 'keyframes' | 'decode' | null;
  fps_seen: number;
  frames_seen: number;
  frames_dropped: number;
  windows_dropped: number;
  last_frame_ms?: number | null;
  last_segment_end_ms?: number | null;
  cpu_share?: number | null;
  notes?: string[];
  /** What it gets less of than is asked for, and what helps. */
  degraded?: { kind: string; what: string; remedy: string }[];
  zones?: ZoneJson[];
  keyframe_interval_s?: number | null;
  indexes?: IndexStatusJson[];
}

/** An index of a camera, how its prompt was understood, and what of it the box can't tell now. */
export interface IndexStatusJson {
  id: string;
  name: string;
  status: string;
  understood?: string;
  missing?: string[];
  backfill?: { status: string; progress: number; message?: string };
}

export interface MqttJson {
  connected: boolean;
  /** A word for why not. */
  problem?: string;
  /** Topics that the broker doesn't let the box use. */
  refused?: string[];
}

export interface StatusJson {
  box: { id: string; name: string; version: string; uptime_s: number };
  cameras: CameraJson[];
  attention?: AttentionJson[];
  machine?: MachineJson;
  inference?: {
    state: string;
    pack?: string | null;
    last_error?: string | null;
    dropped?: number;
    /** By task. */
    packs?: Record<string, string>;
    providers?: Record<string, string>;
    answer_ms?: Record<string, number>;
  };
  transcriber?: { lag_ms: number; waiting: number };
  sync?: TargetJson[];
  listening?: { sounds: { state: string }; speech: { state: string } };
  delivery?: { mqtt?: MqttJson | null; dead?: number; callbacks_dead?: number };
  evaluator?: { lag: number };
  storage?: {
    segments?: number;
    bytes?: number;
    free_bytes?: number | null;
    budget_bytes?: number;
    days?: number;
    problem?: string;
  };
}

/** What a person should look at. */
export interface AttentionJson {
  what: string;
  remedy: string;
}

export type PowerLimit = 'undervoltage' | 'capped' | 'throttled' | 'hot';

export interface MachineJson {
  cores: number;
  /** Of all cores, 0–1. */
  cpu_share?: number;
  memory_bytes?: number;
  memory_free_bytes?: number;
  temperature_c?: number;
  limits: PowerLimit[];
  earlier_limits: PowerLimit[];
}

/** A place that things are sent to. */
export interface TargetJson {
  name: string;
  kind: 'hub' | 'videodb' | 's3';
  phase: 'sending' | 'idle' | 'waiting' | 'paused' | 'later';
  why?: string;
  waiting: { kind: 'alert' | 'picture' | 'clip' | 'records' | 'segment'; items: number; bytes: number }[];
  oldest_waiting_ms?: number;
  left_ms?: number;
  last_error?: { message: string; at_ms: number };
  next_try_ms?: number;
  sent_bytes: number;
  lost: number;
  dropped: number;
  given_up: number;
  refusal?: string;
  paused_by?: string;
}

/** A model pack that is here, or can be fetched. */
export interface PackJson {
  name: string;
  task: string;
  licence: string;
  adds?: string;
  bytes?: number;
  here: boolean;
  problem?: string;
  pull?: { state: 'fetching' | 'done' | 'failed'; percentage: number; error?: string };
}

/** The box that something comes from; absent where it is this one. */
export interface SendingBoxJson {
  id: string;
  name: string;
}

export interface SceneJson {
  id: number;
  stream_id: string;
  stream_name: string;
  box?: SendingBoxJson;
  start: number;
  end: number;
  text: string;
  /** What was measured: of a sound only that, of speech nothing. */
  facts?: { motion?: unknown; sound?: unknown } | null;
  thumbnail_url?: string | null;
}

export interface HitJson extends SceneJson {
  /** 0–1. */
  score: number;
}

export interface AlertJson {
  id: string;
  alert_id: string;
  index_id: string;
  label: string;
  stream_id: string;
  stream_name: string;
  box?: SendingBoxJson;
  start: number;
  end: number;
  /** ISO 8601. */
  timestamp: string;
  scene_id?: number;
  confidence: number;
  explanation: string;
  /** How sure it had to be. */
  threshold?: number;
  thumbnail_url?: string | null;
  /** The same with what it fired for drawn in. */
  picture_url?: string | null;
  feedback?: { verdict: 'right' | 'wrong' };
  /** It was looked at again. */
  verdict?: { confirmed: boolean | null; text: string; by: string };
}

/** What was said of an alert's firings, and what follows from it. */
export interface FeedbackJson {
  /** 0: none. */
  threshold: number;
  suggestion?: { threshold: number; fired: number; would_have_fired: number };
}

export interface TimelineJson {
  recorded: [number, number][];
  gaps: { start: number; end: number; reason: string; unwanted?: true }[];
  scenes: { id: number; start: number; end: number; motion: boolean | number; sound?: string; speech?: string }[];
  alerts: { id: string; at: number; label: string }[];
}

/** An alert that is armed somewhere on the box. */
export interface ArmedAlertJson {
  alert_id: string;
  label: string;
  prompt: string;
  status: 'enabled' | 'disabled';
  group?: string;
  snoozed_until?: number;
  /** How sure it has to be, 0–1. */
  threshold?: number;
  rtstream_id: string;
  rtstream_name: string;
  scene_index_id: string;
}

export interface GroupJson {
  name: string;
  armed: boolean;
  by: string;
  arm: { days?: string[]; from: string; to: string }[];
  next_change?: { at: number; armed: boolean };
}

/** Who armed, disarmed or snoozed something. */
export interface ArmingChangeJson {
  id: number;
  at: number;
  by: string;
  what: string;
  alert_id?: string;
  group?: string;
  until?: number;
}

export interface ArmingJson {
  alerts: ArmedAlertJson[];
  groups: GroupJson[];
}

export interface RuleJson {
  understood: string;
  needs?: string[];
  subject: { kind: string; parts?: readonly RulePartJson[] };
  relation: string;
}

export interface RulePartJson extends Pick<RuleJson, 'subject' | 'relation'> {
  not?: true;
}

export interface UnderstoodJson {
  rule: RuleJson;
  check: { kind: 'rule' | 'words' | 'pictures' | 'model'; says: string; lacking?: string[] };
  would_fire: string[];
  would_not_fire: string[];
}

export interface IndexJson {
  rtstream_index_id: string;
  extraction_type: string;
  status: string;
}

/** Where a stretch of recording can be watched. */
export interface StreamUrlJson {
  stream_url: string;
  player_url?: string;
  /** Of what is recorded of the range. */
  start?: number;
  end?: number;
}

export interface WatchJson {
  stream_url: string;
  title?: string | null;
  description?: string | null;
}

/** The configuration in force. */
export interface ConfigJson {
  version: number;
  yaml: string;
  restart_required: string[];
  problem?: string;
}

export interface ConfigOutcomeJson {
  changed: string[];
  restart_required: string[];
  /** Where it was only asked. */
  problems?: { path: string; message: string }[];
  losses?: { path: string; message: string }[];
}

export interface ConfigVersionJson {
  version: number;
  at: number;
  by: string;
  changed: string[];
}

/** A camera of another box: as that told last, and what has come of it. */
export interface SentCameraJson {
  rtstream_id: string;
  name: string;
  phase: CameraPhase;
  last_error?: string;
  here: boolean;
  gone?: true;
  recorded_until?: number;
  picture_url?: string;
  picture_at?: number;
}

/** Another box that sends to this one, as it told last. */
export interface BoxJson {
  id: string;
  name: string;
  version: string;
  online: boolean;
  last_seen: number;
  clock_ahead_s: number;
  lag_s: number;
  waiting: { kind: string; items: number; bytes: number }[];
  cameras: SentCameraJson[];
  notes: string[];
}

export interface KeyJson {
  id: number;
  label: string;
  scopes: string[];
  created_ms: number;
  last_used_ms?: number;
}

export interface AuditJson {
  id: number;
  at_ms: number;
  who: string;
  from: string;
  what: string;
  /** "done", or the kind of failure. */
  result: string;
  detail?: string;
  times: number;
}
