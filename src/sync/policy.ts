import type { TargetConfig } from '#config';
import {
  type Firing,
  isSelective,
  type JournalEntry,
  type JournalKind,
  type ParcelKind,
  type Scene,
  type Stream,
} from '#domain';
import { LONGEST_STRETCH_MS, type NewEntry, type Store } from '#store';
import type { Target } from './target.ts';

/** The lowest goes first. Up to `picture` on a lane of their own. */
export const PRIORITY = {
  alert: 0,
  picture: 1,
  asked: 2,
  clip: 3,
  records: 4,
  /** Pictures that no alert is about. */
  pictures: 5,
  /** Recordings in which an alert fired or something moved. */
  telling: 6,
  all: 7,
} as const;

/** Records wait so long for others to go with; where the line costs, longer. */
const RECORDS_WAIT_MS = 10_000;
const METERED_WAIT_MS = 300_000;
/** A scene that grew has grown by a window or two: what was before has been entered then. */
const GROWN_MS = 15_000;
/** By then it is decided what of a recording stays where not everything does. */
const SIFTED_MS = 180_000;
/** About, for the backlog. */
const BYTES = { alert: 3000, picture: 25_000, record: 1200 };

export type Policy = Pick<TargetConfig, 'send' | 'metered'> & Pick<Target, 'takes' | 'clipsAs' | 'follows'>;
export type Found = Pick<Store, 'firings' | 'scenes' | 'segments' | 'streams'>;

/** What of these journal entries is to go to the target. What other boxes sent here is not sent on. */
export function entriesFor(policy: Policy, journal: readonly JournalEntry[], store: Found, nowMs: number): NewEntry[] {
  const streams = new Map<string, Stream | undefined>();
  const own = (id: string): Stream | undefined => {
    if (!streams.has(id)) streams.set(id, store.streams.get(id));
    const stream = streams.get(id);
    return stream && stream.boxId === undefined ? stream : undefined;
  };
  const wanted: NewEntry[] = [];
  for (const entry of journal) {
    const stream = own(entry.streamId);
    if (!stream) continue;
    if (entry.kind === 'firing') wanted.push(...forFiring(policy, entry, stream, store, nowMs));
    else if (entry.kind === 'verdict') wanted.push(...forVerdict(policy, entry));
    else if (entry.kind === 'mark') wanted.push(...forMark(policy, entry));
    else if (entry.kind === 'scene' || entry.kind === 'growth')
      wanted.push(...forScene(policy, entry, stream, store, nowMs));
    else if (entry.kind === 'segment') wanted.push(...forSegment(policy, entry, stream, store, nowMs));
  }
  return [
    ...wanted,
    ...records(
      policy,
      // Only of this box's own it is written down that they were deleted.
      journal.filter(({ kind, streamId }) => kind === 'deleted' || own(streamId)),
      nowMs,
    ),
  ];
}

/** What somebody asked for, in parts of at most ten minutes. */
export function entriesAsked(
  { takes, clipsAs }: Pick<Target, 'takes' | 'clipsAs'>,
  asked: { streamId: string; fromMs: number; toMs: number; by: string },
): NewEntry[] {
  const { streamId, fromMs, toMs, by } = asked;
  const kind = kindOfClips({ takes, clipsAs }) ?? (takes.includes('segment') ? 'segment' : undefined);
  if (!kind) return [];
  const parts: NewEntry[] = [];
  for (let startMs = fromMs; startMs < toMs; startMs += LONGEST_STRETCH_MS) {
    const endMs = Math.min(toMs, startMs + LONGEST_STRETCH_MS);
    const ref = `${streamId}/${startMs}-${endMs}`;
    const facts = { by };
    parts.push({
      kind,
      ref,
      streamId,
      priority: PRIORITY.asked,
      startMs,
      endMs,
      bytes: 0,
      facts,
      readyMs: 0,
      asked: true,
    });
  }
  return parts;
}

function kindOfClips({ takes, clipsAs }: Pick<Target, 'takes' | 'clipsAs'>): 'clip' | 'segment' | undefined {
  if (clipsAs === 'mp4') return takes.includes('clip') ? 'clip' : undefined;
  return takes.includes('segment') ? 'segment' : undefined;
}

function forFiring(
  { send, metered, takes, clipsAs }: Policy,
  { ref }: JournalEntry,
  stream: Stream,
  store: Found,
  nowMs: number,
): NewEntry[] {
  const firing = store.firings.get(ref);
  if (!firing) return [];
  const entries: NewEntry[] = [];
  if (send.alerts && takes.includes('alert')) entries.push(alertEntry(firing, firing.id));
  const scene = firing.sceneId === undefined ? undefined : store.scenes.get(firing.sceneId);
  if (send.pictures !== 'never' && takes.includes('picture') && scene?.thumbPath !== undefined) {
    entries.push(pictureEntry(scene, PRIORITY.picture, [firing.id]));
  }
  if (metered) return entries;
  const clips = kindOfClips({ takes, clipsAs });
  if (send.clips && clips) {
    const { preSeconds, postSeconds } = send.clips;
    const roll = { preMs: preSeconds * 1000, postMs: postSeconds * 1000 };
    entries.push(around(firing, clips, { ...roll, priority: PRIORITY.clip, nowMs }));
  }
  const alsoSegments = send.segments === 'onAlert' && takes.includes('segment') && !(send.clips && clips === 'segment');
  if (alsoSegments) {
    const { preMs, postMs } = stream.recording;
    entries.push(around(firing, 'segment', { preMs, postMs, priority: PRIORITY.telling, nowMs }));
  }
  return entries;
}

function forVerdict({ send, takes }: Policy, { ref, streamId, atMs }: JournalEntry): NewEntry[] {
  if (!send.alerts || !takes.includes('alert')) return [];
  return [alertEntry({ id: ref, streamId, atMs }, `${ref}/verdict`)];
}

function forScene(
  { send, metered, takes }: Policy,
  { kind, ref, atMs }: JournalEntry,
  stream: Stream,
  store: Found,
  nowMs: number,
): NewEntry[] {
  const pictures = kind === 'scene' && send.pictures === 'all' && takes.includes('picture');
  const segments = send.segments === 'onMotion' && takes.includes('segment');
  const scene = !metered && (pictures || segments) ? store.scenes.get(Number(ref)) : undefined;
  if (!scene) return [];
  const entries: NewEntry[] = [];
  if (pictures && scene.thumbPath !== undefined) entries.push(pictureEntry(scene, PRIORITY.pictures, []));
  if (segments && (scene.facts?.motion.regions.length ?? 0) > 0) {
    const startMs = kind === 'growth' ? Math.max(scene.startMs, atMs - GROWN_MS) : scene.startMs;
    const { id, streamId } = scene;
    const { preMs, postMs } = stream.recording;
    const moved = { id: String(id), streamId, startMs, endMs: atMs };
    entries.push(around(moved, 'segment', { preMs, postMs, priority: PRIORITY.telling, nowMs }));
  }
  return entries;
}

function forSegment(
  { send, metered, takes }: Policy,
  { ref }: JournalEntry,
  { recording }: Stream,
  store: Found,
  nowMs: number,
): NewEntry[] {
  if (metered || send.segments !== 'all' || !takes.includes('segment')) return [];
  const segment = store.segments.get(Number(ref));
  if (!segment) return [];
  const entry = around({ ...segment, id: ref }, 'segment', { preMs: 0, postMs: 0, priority: PRIORITY.all, nowMs });
  return [isSelective(recording) ? { ...entry, readyMs: nowMs + recording.postMs + SIFTED_MS } : entry];
}

/** Each time by itself: what is said while the last word is on its way is sent after it. */
function forMark({ send, takes, follows }: Policy, { ref, streamId, atMs }: JournalEntry): NewEntry[] {
  if (!follows || !send.alerts || !takes.includes('alert')) return [];
  return [{ ...alertEntry({ id: ref, streamId, atMs }, `${ref}/mark-${atMs}`), priority: PRIORITY.records }];
}

function alertEntry({ id, streamId, atMs }: Pick<Firing, 'id' | 'streamId' | 'atMs'>, ref: string): NewEntry {
  const facts = { firings: [id] };
  const when = { startMs: atMs, endMs: atMs, readyMs: 0 };
  return { kind: 'alert', ref, streamId, priority: PRIORITY.alert, ...when, bytes: BYTES.alert, facts, asked: false };
}

function pictureEntry({ id, streamId, startMs, endMs }: Scene, priority: number, firings: string[]): NewEntry {
  const ref = `${id}-${startMs}`;
  const facts = { scenes: [id], firings };
  const when = { startMs, endMs, readyMs: 0 };
  return { kind: 'picture', ref, streamId, priority, ...when, bytes: BYTES.picture, facts, asked: false };
}

/** The recording around it; what is longer than a stretch may be is cut. */
function around(
  it: Pick<Firing, 'id' | 'streamId' | 'startMs' | 'endMs'>,
  kind: 'clip' | 'segment',
  { preMs, postMs, priority, nowMs }: { preMs: number; postMs: number; priority: number; nowMs: number },
): NewEntry {
  const startMs = it.startMs - preMs;
  const endMs = Math.min(it.endMs + postMs, startMs + LONGEST_STRETCH_MS);
  const ref = kind === 'clip' ? it.id : `${it.streamId}/${priority}/${startMs}`;
  const readyMs = kind === 'clip' ? Math.max(nowMs, endMs) : 0;
  const facts = priority === PRIORITY.clip ? { firings: [it.id] } : {};
  return { kind, ref, streamId: it.streamId, priority, startMs, endMs, bytes: 0, facts, readyMs, asked: false };
}

function records(policy: Policy, journal: readonly JournalEntry[], nowMs: number): NewEntry[] {
  const { metered, takes } = policy;
  if (!takes.includes('records')) return [];
  const wanted = recordKinds(policy);
  const told = journal.filter(({ kind }) => wanted.includes(kind));
  const [first, last] = [told[0], told.at(-1)];
  if (!first || !last) return [];
  const refs = (...kinds: JournalKind[]) => [
    ...new Set(told.filter(({ kind }) => kinds.includes(kind)).map(({ ref }) => ref)),
  ];
  const scenes = refs(...SCENES).map(Number);
  const transcripts = refs('transcript').map(Number);
  const gaps = refs('gap').map(Number);
  const deleted = refs('deleted');
  const times = told.map(({ atMs }) => atMs);
  return [
    {
      kind: 'records' satisfies ParcelKind,
      ref: `${first.seq}-${last.seq}.${nowMs.toString(36)}`,
      streamId: '',
      priority: PRIORITY.records,
      startMs: Math.min(...times),
      endMs: Math.max(...times),
      bytes: (scenes.length + transcripts.length + gaps.length + deleted.length) * BYTES.record,
      facts: { scenes, transcripts, gaps, deleted },
      readyMs: nowMs + (metered ? METERED_WAIT_MS : RECORDS_WAIT_MS),
      asked: false,
    },
  ];
}

const SCENES: readonly JournalKind[] = ['scene', 'growth', 'retold'];

/** Whoever has recordings is told why some are not there. */
function recordKinds({ send, follows }: Policy): JournalKind[] {
  return [
    ...(send.records ? ([...SCENES, 'transcript'] as const) : []),
    ...(follows && (send.records || send.segments !== 'never') ? (['gap'] as const) : []),
    ...(follows ? (['deleted'] as const) : []),
  ];
}
