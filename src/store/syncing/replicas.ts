import type { Statement } from 'better-sqlite3';
import {
  type Alert,
  type EventDefinition,
  type Firing,
  type Gap,
  RECORD_ALL,
  type Scene,
  type SentAlert,
  type SentIndex,
  type SentMark,
  type SentScene,
  type Stream,
  type StreamFacts,
  type Transcript,
} from '#domain';
import { Fault } from '#runtime';
import type { Alerts } from '../alerts/alerts.ts';
import type { Events } from '../alerts/events.ts';
import type { Firings, NewDelivery } from '../alerts/firings.ts';
import type { Marks } from '../alerts/marks.ts';
import type { Connection } from '../connection.ts';
import type { Indexes } from '../indexes.ts';
import { checkRelative } from '../paths.ts';
import type { Holds } from '../recordings/holds.ts';
import type { Orphans } from '../recordings/orphans.ts';
import type { Segments } from '../recordings/segments.ts';
import type { Scenes } from '../scenes.ts';
import type { Renewal } from '../search/renewal.ts';
import type { Streams } from '../streams.ts';
import type { Transcripts } from '../transcripts.ts';

/** What is made of a scene's words, so that it is found by what they mean. */
interface TextVector {
  vector: Float32Array;
  model: string;
}

export interface ReplicaStores {
  streams: Streams;
  indexes: Indexes;
  scenes: Scenes;
  transcripts: Transcripts;
  events: Events;
  alerts: Alerts;
  marks: Marks;
  segments: Segments;
  holds: Pick<Holds, 'list'>;
  renewal: Renewal;
}

/**
 * What other boxes have sent, as rows like this box's own. Each call may be repeated, and come in any order: what is known
 * by its id (scenes: by their box's id, index and start; transcripts: by their start) is brought up to date, never added
 * again, and news are journalled once. Throws `forbidden` for what belongs to this box or to a third one.
 */
export class Replicas {
  readonly #connection: Connection;
  readonly #stores: ReplicaStores;
  readonly #firings: Firings;
  readonly #orphans: Orphans;
  readonly #knownScene: Statement<[string, number, number], number>;
  readonly #markScene: Statement<[number, number]>;
  readonly #putPicture: Statement<[string, number]>;
  readonly #putAlert: Statement<[string, number | null, number | null, string]>;

  constructor(
    connection: Connection,
    stores: ReplicaStores,
    { firings, orphans }: { firings: Firings; orphans: Orphans },
  ) {
    const { sql } = connection;
    this.#connection = connection;
    this.#stores = stores;
    this.#firings = firings;
    this.#orphans = orphans;
    this.#knownScene = sql
      .prepare<[string, number, number], number>(
        'SELECT id FROM scenes WHERE index_id = ? AND edge_id = ? AND start_ms = ?',
      )
      .pluck();
    this.#markScene = sql.prepare('UPDATE scenes SET edge_id = ? WHERE id = ?');
    this.#putPicture = sql.prepare('UPDATE scenes SET thumb_path = ? WHERE id = ? AND thumb_path IS NULL');
    this.#putAlert = sql.prepare('UPDATE alerts SET status = ?, snoozed_until_ms = ?, threshold = ? WHERE id = ?');
  }

  stream(boxId: string, stream: StreamFacts): void {
    const { streams } = this.#stores;
    const { id, name, mediaTypes, zones } = stream;
    const facts = { name, mediaTypes, zones };
    const known = streams.get(id);
    if (!known) {
      if (this.#orphans.has(id)) {
        throw new Fault(
          'unavailable',
          `stream ${id}: it was deleted here, and its rest is still to go: try again later`,
        );
      }
      streams.create(replicaOf(stream, boxId));
    } else if (known.boxId !== boxId) throw notYours('stream', id);
    else if (!same(facts, { name: known.name, mediaTypes: known.mediaTypes, zones: known.zones }))
      streams.update(id, facts);
  }

  /** Its stream is there. */
  index(boxId: string, index: SentIndex): void {
    const { indexes } = this.#stores;
    this.#demandStream(boxId, index.streamId);
    const known = indexes.get(index.id);
    if (!known) indexes.create(index);
    else if (known.streamId !== index.streamId) throw notYours('index', index.id);
    else if (!same(changeable(index), changeable(known))) indexes.update(index.id, changeable(index));
  }

  /** As it is stored here, added when it isn't. Its index is there. */
  sceneFor(boxId: string, sent: SentScene, embed: (text: string) => TextVector): Scene {
    const { scenes, indexes } = this.#stores;
    this.#demandStream(boxId, sent.streamId);
    if (indexes.get(sent.indexId)?.streamId !== sent.streamId) throw notYours('index', sent.indexId);
    const { id: edgeId, ...draft } = sent;
    const known = this.#sceneOf(sent);
    if (known) return known;
    const { vector, model } = embed(draft.said ? `${draft.text}\n${draft.said.text}` : draft.text);
    return scenes.add(draft, vector, model, undefined, ({ id }) => this.#markScene.run(edgeId, id));
  }

  /** The same, brought up to date: only of what comes in the order in which it happened. */
  scene(boxId: string, sent: SentScene, embed: (text: string) => TextVector): Scene {
    const { scenes } = this.#stores;
    const known = this.sceneFor(boxId, sent, embed);
    if (sent.endMs > known.endMs) scenes.grow(known.id, sent.endMs);
    if (sent.facts && (sent.text !== known.text || !same(sent.facts, known.facts))) {
      const { vector, model } = embed(sent.text);
      return scenes.retell(known.id, { text: sent.text, facts: sent.facts }, vector, model);
    }
    return scenes.get(known.id) ?? known;
  }

  /** Its picture is on disk. False when it has one. */
  picture({ id }: Pick<Scene, 'id'>, thumbPath: string): boolean {
    checkRelative(thumbPath, 'scene.thumbPath');
    return this.#connection.write(() => {
      const isNew = this.#putPicture.run(thumbPath, id).changes > 0;
      if (isNew) this.#stores.renewal.pictureCame(id);
      return isNew;
    });
  }

  /** False when it is known. */
  transcript(boxId: string, { id: _theirs, ...draft }: Transcript, { vector, model }: TextVector): boolean {
    this.#demandStream(boxId, draft.streamId);
    return this.#stores.transcripts.add(draft, vector, model) !== undefined;
  }

  /** Looked at by its own box. Its stream and index are there. */
  alert(boxId: string, { group: _theirs, ...sent }: SentAlert, event: EventDefinition): void {
    const { alerts, events } = this.#stores;
    this.#demandStream(boxId, sent.streamId);
    if (this.#stores.indexes.get(sent.indexId)?.streamId !== sent.streamId) throw notYours('index', sent.indexId);
    if (sent.eventId !== event.id) throw new Fault('invalid', 'event.id: is not that of the alert');
    if (!events.get(event.id)) events.create(event);
    const known = alerts.get(sent.id);
    const alert: Alert = { ...sent, boxId };
    if (known && (known.boxId !== boxId || known.indexId !== alert.indexId)) throw notYours('alert', alert.id);
    const { status, snoozedUntilMs = null, threshold = null } = alert;
    if (known) this.#connection.write(() => this.#putAlert.run(status, snoozedUntilMs, threshold, alert.id));
    else alerts.create(alert);
  }

  /** Of a firing that is there: the newest word counts, here or there. */
  mark(boxId: string, { id: firingId, alertId }: Firing, { verdict, ...said }: SentMark): void {
    const { marks, alerts } = this.#stores;
    if (this.#firings.get(firingId)?.alertId !== alertId || alerts.get(alertId)?.boxId !== boxId) {
      throw notYours('alert that fired', firingId);
    }
    const known = marks.get(firingId);
    if (known && known.atMs > said.atMs) return;
    if (verdict === 'none') marks.takeBack(firingId);
    else marks.set({ firingId, alertId, verdict, ...said });
  }

  /** Its stream is there. */
  gap(boxId: string, gap: Gap): void {
    this.#demandStream(boxId, gap.streamId);
    this.#stores.segments.keepGap(gap);
  }

  /**
   * The camera was deleted on its box with all that came from it: here, too. It stays where somebody holds some of its
   * recordings. False when it does, or isn't there.
   */
  deleted(boxId: string, streamId: string): boolean {
    const { streams, holds } = this.#stores;
    const known = streams.get(streamId);
    if (!known) return false;
    if (known.boxId !== boxId) throw notYours('stream', streamId);
    if (holds.list(streamId).length > 0) return false;
    streams.delete(streamId);
    return true;
  }

  /** Its alert is there. News are told to `deliveries` and to whoever listens; on disk when this returns. */
  firing(boxId: string, firing: Firing, deliveries: readonly NewDelivery[]): void {
    const alert = this.#stores.alerts.get(firing.alertId);
    if (alert?.boxId !== boxId || alert.indexId !== firing.indexId || alert.streamId !== firing.streamId) {
      throw notYours('alert', firing.alertId);
    }
    const known = this.#firings.get(firing.id);
    if (known && known.alertId !== firing.alertId) throw notYours('alert that fired', firing.id);
    this.#firings.receive(firing, deliveries);
  }

  #sceneOf({ indexId, id, startMs }: SentScene): Scene | undefined {
    const known = this.#knownScene.get(indexId, id, startMs);
    return known === undefined ? undefined : this.#stores.scenes.get(known);
  }

  #demandStream(boxId: string, streamId: string): void {
    if (this.#stores.streams.get(streamId)?.boxId !== boxId) throw notYours('stream', streamId);
  }
}

function replicaOf(facts: StreamFacts, boxId: string): Stream {
  return {
    ...facts,
    collectionId: 'default',
    url: '',
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: facts.createdMs },
    transport: 'tcp',
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'edge',
    boxId,
  };
}

function changeable({ prompt, status, name, resumedMs }: SentIndex) {
  return { prompt, status, name, resumedMs };
}

/** Both were JSON, with their members in the order in which they were written. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function notYours(kind: string, id: string): Fault {
  return new Fault('forbidden', `${kind} ${id}: it does not belong to this box`);
}
