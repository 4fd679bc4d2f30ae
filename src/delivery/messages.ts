import type { ArmingChange, CaptureEvent, Firing, JournalEntry, Scene, Transcript } from '#domain';
import type { Store } from '#store';
import { captureMessage } from './capture-message.ts';
import { type AlertLinks, verdictView } from './payload.ts';

/** The journal kinds that make live events. A scene that goes on is no new event; what is told anew is sent again. */
export const LIVE_KINDS = ['scene', 'retold', 'firing', 'verdict', 'transcript', 'arming', 'capture'] as const;
/** Clients take frames below 1 MiB; a character is at most six bytes of JSON, and a frame has two long texts at most. */
const LONGEST_TEXT = 32_768;

/** One JSON object on the wire. `data` is always an object; clients read its keys without looking. */
export interface LiveFrame {
  channel: string;
  data: object;
  [key: string]: unknown;
}

/** Whom an event is for. */
export interface Addressed {
  /** The WebSocket connection that asked for it. */
  addressee: string | undefined;
  /** It names what a session token opens: tokens hear it only at the connection that asked for it. */
  isPrivate?: true;
}

export interface LiveEvent extends Addressed {
  frame: LiveFrame;
}

export interface MessageDeps {
  store: Pick<
    Store,
    'scenes' | 'indexes' | 'firings' | 'alerts' | 'transcripts' | 'streams' | 'armingLog' | 'captures' | 'assets'
  >;
  links: AlertLinks;
  streamName: (id: string) => string;
}

/**
 * VideoDB's live event for a journal entry, with times in Unix milliseconds; undefined for other kinds and for what has
 * been deleted since. Links in it begin with `origin`, without one with the box's own address.
 */
export function liveEvent(entry: JournalEntry, deps: MessageDeps, origin?: string): LiveEvent | undefined {
  const { store } = deps;
  if (entry.kind === 'scene' || entry.kind === 'retold') {
    const again = entry.kind === 'retold' ? { retold: true } : {};
    return given(store.scenes.get(Number(entry.ref)), (scene) => sceneEvent(scene, again, deps));
  }
  if (entry.kind === 'firing' || entry.kind === 'verdict') {
    return given(store.firings.get(entry.ref), ({ verdict, ...firing }) => {
      const again = entry.kind === 'verdict' && verdict ? { verdict: verdictView(verdict) } : {};
      return alertEvent(firing, again, deps, origin);
    });
  }
  if (entry.kind === 'arming') return given(store.armingLog.get(Number(entry.ref)), armingEvent);
  if (entry.kind === 'capture') {
    return given(store.captures.events.get(Number(entry.ref)), (event) => captureEvent(event, deps, origin));
  }
  if (entry.kind !== 'transcript') return undefined;
  return given(store.transcripts.get(Number(entry.ref)), (transcript) => transcriptEvent(transcript, deps));
}

function sceneEvent(scene: Scene, again: object, deps: MessageDeps): LiveEvent {
  const index = deps.store.indexes.get(scene.indexId);
  const channel = index?.extraction.type === 'transcript' ? 'audio_index' : visualChannel(scene.streamId, deps);
  const data = { text: clipped(scene.text), start: scene.startMs, end: scene.endMs, scene_id: scene.id, ...again };
  const frame = { channel, ...streamOf(scene.streamId, deps), ...indexOf(scene.indexId), data };
  return { addressee: index?.wsConnectionId, frame };
}

/** Clients of capture sessions listen to another channel than those of cameras do. */
function visualChannel(streamId: string, { store }: MessageDeps): string {
  return store.streams.get(streamId)?.capture ? 'visual_index' : 'scene_index';
}

/** All that the documents and the clients in the field read, under every name that they read it by. */
function alertEvent(firing: Firing, again: object, deps: MessageDeps, origin: string | undefined): LiveEvent {
  const data = {
    alert_id: firing.alertId,
    event_id: firing.eventId,
    event_label: firing.label,
    label: firing.label,
    triggered: true,
    confidence: Number(firing.confidence.toFixed(4)),
    text: clipped(firing.explanation),
    explanation: clipped(firing.explanation),
    timestamp: firing.atMs,
    start: firing.startMs,
    end: firing.endMs,
    stream_url: deps.links.streamUrl(firing, origin),
    player_url: deps.links.playerUrl(firing, origin),
    firing_id: firing.id,
    ...again,
  };
  const frame = { channel: 'alert', ...streamOf(firing.streamId, deps), ...indexOf(firing.indexId), data };
  return { addressee: deps.store.alerts.get(firing.alertId)?.wsConnectionId, frame };
}

/** Who did it is for those with a key: session tokens hear this, too. */
function armingEvent({ atMs, what, alertId, group, untilMs }: ArmingChange): LiveEvent {
  const whose = { ...(alertId === undefined ? {} : { alert_id: alertId }), ...(group === undefined ? {} : { group }) };
  const data = { what, ...whose, timestamp: atMs, ...(untilMs === undefined ? {} : { until: untilMs }) };
  return { addressee: undefined, frame: { channel: 'arming', data } };
}

function captureEvent(event: CaptureEvent, deps: MessageDeps, origin: string | undefined): LiveEvent | undefined {
  const message = captureMessage(event, deps, origin);
  const addressee = deps.store.captures.get(event.sessionId)?.wsConnectionId;
  return message && { addressee, isPrivate: true, frame: { channel: 'capture_session', ...message } };
}

/** What was said, or (not final) what of it is understood so far. */
export function transcriptEvent(
  { streamId, text, startMs, endMs }: Pick<Transcript, 'streamId' | 'text' | 'startMs' | 'endMs'>,
  deps: MessageDeps,
  isFinal = true,
): LiveEvent {
  const data = { text: clipped(text), is_final: isFinal, start: startMs, end: endMs };
  const addressee = deps.store.streams.get(streamId)?.transcription.wsConnectionId;
  return { addressee, frame: { channel: 'transcript', ...streamOf(streamId, deps), data } };
}

function streamOf(id: string, { streamName }: MessageDeps): { rtstream_id: string; rtstream_name: string } {
  return { rtstream_id: id, rtstream_name: streamName(id) };
}

function indexOf(id: string): { scene_index_id: string; index_id: string } {
  return { scene_index_id: id, index_id: id };
}

function clipped(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
}

function given<T, R>(value: T | undefined, use: (value: T) => R): R | undefined {
  return value === undefined ? undefined : use(value);
}
