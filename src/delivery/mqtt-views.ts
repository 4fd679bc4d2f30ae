import {
  type Alert,
  type CameraStatus,
  isArmed,
  nextArming,
  type Scene,
  type Stream,
  snoozedUntil,
  topicLevel,
} from '#domain';
import type { Store } from '#store';

/** A scene that ended longer ago says nothing of now. */
const FRESH_MS = 120_000;

/** One camera as others need it: where its topics are, what is armed there. */
export interface CameraView {
  stream: Stream;
  /** Its level in topics; no two cameras have the same. */
  level: string;
  state: CameraState;
  rules: RuleState[];
}

/** The retained message on `cameras/<camera>/state`; times in Unix seconds. */
export interface CameraState {
  camera_id: string;
  name: string;
  phase: CameraStatus['phase'];
  recording: boolean;
  last_error: string | null;
  /** Null when nothing has been looked at lately. */
  motion: boolean | null;
  /** Whether a person is seen; null also where nothing tells persons from other things. */
  occupied: boolean | null;
  counts: Record<string, number>;
  scene: { scene_id: number; start: number; text: string } | null;
  last_alert: { firing_id: string; label: string; explanation: string; time: number } | null;
}

/** The retained message on `rules/<alert>/state`. */
export interface RuleState {
  alert_id: string;
  camera_id: string;
  label: string;
  prompt: string;
  armed: boolean;
  /** Unix seconds; null when it isn't snoozed. */
  snoozed_until: number | null;
  /** Nobody is told of it while that is disarmed. */
  group: string | null;
}

/** A group of alerts on its topics. */
export interface GroupView {
  /** Its level in topics; no two groups have the same. */
  level: string;
  state: GroupState;
}

/** The retained message on `groups/<group>/state`; times in Unix seconds. */
export interface GroupState {
  name: string;
  armed: boolean;
  since: number | null;
  by: string;
  next_change: { at: number; armed: boolean } | null;
}

/** The retained message on `state`. */
export interface BoxState {
  box_id: string;
  name: string;
  version: string;
  config_version: number;
  cameras: number;
  recording: number;
  detector: string;
  free_gb: number | null;
  /** Whether a camera that should record doesn't, or the detector has failed. */
  problem: boolean;
}

type Facts = Pick<Store, 'streams' | 'indexes' | 'scenes' | 'alerts' | 'events' | 'firings'>;

/** Every camera of this box, the oldest first. */
export function cameraViews(store: Facts, statuses: readonly CameraStatus[], nowMs: number): CameraView[] {
  const live = new Map(statuses.map((status) => [status.streamId, status]));
  const taken = new Set<string>();
  return store.streams.list({ ordering: 'created_at', own: true }).results.map((stream) => {
    const plain = topicLevel(stream.name);
    const level = taken.has(plain) ? `${plain}-${stream.id.slice(-6)}` : plain;
    taken.add(level);
    const state = cameraState(store, stream, live.get(stream.id), nowMs);
    return { stream, level, state, rules: rulesOf(store, stream.id, nowMs) };
  });
}

export function boxState(
  box: {
    id: string;
    name: string;
    version: string;
    configVersion: number;
    detector: string;
    freeBytes: number | undefined;
  },
  cameras: readonly CameraView[],
): BoxState {
  const wanted = cameras.filter(({ stream }) => stream.wanted === 'connected');
  const recording = wanted.filter(({ state }) => state.recording).length;
  return {
    box_id: box.id,
    name: box.name,
    version: box.version,
    config_version: box.configVersion,
    cameras: cameras.length,
    recording,
    detector: box.detector,
    free_gb: box.freeBytes === undefined ? null : Math.round(box.freeBytes / 1e8) / 10,
    problem: recording < wanted.length || box.detector === 'failed',
  };
}

/** By name. */
export function groupViews({ groups }: Pick<Store, 'groups'>, nowMs: number): GroupView[] {
  return groups.list().map((group) => {
    const { name, sinceMs, by } = group;
    const next = nextArming(group, nowMs);
    const state = {
      name,
      armed: isArmed(group, nowMs, nowMs),
      since: sinceMs > 0 ? Math.round(sinceMs / 1000) : null,
      by,
      next_change: next ? { at: next.atMs / 1000, armed: next.armed } : null,
    };
    return { level: topicLevel(name), state };
  });
}

function cameraState(store: Facts, stream: Stream, status: CameraStatus | undefined, nowMs: number): CameraState {
  const phase = status?.phase ?? 'stopped';
  const seen = latestScenes(store, stream.id);
  const fresh = phase === 'stopped' ? [] : seen.filter(({ endMs }) => nowMs - endMs <= FRESH_MS);
  const newest = seen.sort((a, b) => b.startMs - a.startMs)[0];
  const counts = countsOf(fresh);
  const [firing] = store.firings.recent({ limit: 1, streamId: stream.id });
  return {
    camera_id: stream.id,
    name: stream.name,
    phase,
    recording: phase === 'recording',
    last_error: status?.lastError ?? null,
    motion: fresh.length === 0 ? null : fresh.some(({ facts }) => (facts?.motion.amount ?? 0) > 0),
    occupied: fresh.some(knowsObjects) ? (counts['person'] ?? 0) > 0 : null,
    counts,
    scene: newest ? { scene_id: newest.id, start: newest.startMs / 1000, text: newest.text } : null,
    last_alert: firing
      ? { firing_id: firing.id, label: firing.label, explanation: firing.explanation, time: firing.atMs / 1000 }
      : null,
  };
}

/** Of each index that looks, its newest. */
function latestScenes(store: Facts, streamId: string): Scene[] {
  return store.indexes
    .listByStream(streamId)
    .filter(({ extraction }) => extraction.type !== 'transcript')
    .flatMap(({ id }) => store.scenes.latest(id) ?? []);
}

/** Without a detector a scene's objects say nothing. */
function knowsObjects({ facts }: Scene): boolean {
  return facts?.packs.some((pack) => pack !== 'built-in') ?? false;
}

function countsOf(scenes: readonly Scene[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { facts } of scenes) {
    for (const [label, count] of Object.entries(facts?.counts ?? {})) {
      counts[label] = Math.max(counts[label] ?? 0, count);
    }
  }
  return counts;
}

function rulesOf(store: Facts, streamId: string, nowMs: number): RuleState[] {
  return store.indexes
    .listByStream(streamId)
    .flatMap(({ id }) => store.alerts.listByIndex(id))
    .map((alert) => ruleState(store, alert, nowMs));
}

function ruleState(store: Facts, alert: Alert, nowMs: number): RuleState {
  const { id, streamId, eventId, status, group } = alert;
  const event = store.events.get(eventId);
  const untilMs = snoozedUntil(alert, nowMs);
  return {
    alert_id: id,
    camera_id: streamId,
    label: event?.label ?? '',
    prompt: event?.prompt ?? '',
    armed: status === 'enabled',
    snoozed_until: untilMs === undefined ? null : Math.round(untilMs / 1000),
    group: group ?? null,
  };
}
