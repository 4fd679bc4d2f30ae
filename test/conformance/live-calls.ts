/** Calls 1 to 20: a live stream. */
import { AuthenticationError, connect, type RTStream, type RTStreamSceneIndex } from 'videodb';
import { expect } from 'vitest';
import { probeDuration } from '../e2e/support/ffmpeg.ts';
import { until } from '../e2e/support/waiting.ts';
import { allJudged, recordedSince } from '../e2e/support/watching.ts';
import { seePlayer } from './player.ts';
import { type Call, type Message, PASSWORD, type World } from './world.ts';

interface SceneRecord {
  start: number;
  end: number;
  text: string;
  description: string;
}

const PROMPT = 'Describe what moves';
const PLAIN = /^[0-9a-f]{16}$/;

export const liveCalls: Call[] = [
  {
    n: 1,
    what: 'connect; a wrong key is refused',
    run: async ({ connection, url }) => {
      await connection.getCollections();
      const stranger = connect({ apiKey: 'sk-wrong', baseUrl: url });
      await expect(stranger.getCollection()).rejects.toThrow(AuthenticationError);
    },
  },
  {
    n: 2,
    what: 'get_collection',
    run: async ({ connection, collection }) => {
      const { id } = collection.set(await connection.getCollection());
      expect(id).toMatch(/^c-/);
      expect(await connection.getCollection(id)).toMatchObject({ id });
    },
  },
  {
    n: 3,
    what: 'connect_websocket',
    run: async ({ connection, socketId, messages, life }) => {
      const ws = await (await connection.connectWebsocket()).connect();
      life.defer(() => ws.close());
      expect(socketId.set(ws.connectionId ?? '')).toMatch(/^conn-/);
      void (async () => {
        // What the frames hold is asserted in call 12.
        for await (const message of ws.receive()) messages.push(message as unknown as Message);
      })();
    },
  },
  {
    n: 4,
    what: 'connect_rtstream with everything, and with URL and name only',
    run: async ({ collection, camera, socketId, stream, appliance }) => {
      const coll = collection.get();
      const id = socketId.get();
      const made = stream.set(
        await coll.connectRTStream(camera.url, 'Yard', ['audio', 'video'], undefined, true, true, id),
      );
      expect(made).toMatchObject({ id: expect.stringMatching(/^rts-/), status: 'connected' });
      const plain = await coll.connectRTStream(camera.url, 'Another');
      expect(plain.mediaTypes).toEqual(['video']);
      await plain.stop();
      await recordedSince(appliance, made.id, 0, 4);
      expect(appliance.output).not.toContain(PASSWORD);
    },
  },
  {
    n: 5,
    what: 'start, twice; the recording grows',
    run: async ({ stream, appliance }) => {
      await stream.get().start();
      await stream.get().start();
      await recordedSince(appliance, stream.get().id, Date.now(), 4);
    },
  },
  {
    n: 6,
    what: 'list_rtstreams, get_rtstream',
    run: async ({ collection, stream }) => {
      const coll = collection.get();
      const all = { limit: 10, offset: 0, ordering: '-created_at' };
      const found = await coll.listRTStreams({ ...all, status: 'connected', name: 'Yar' });
      expect(found.map(({ id }) => id)).toEqual([stream.get().id]);
      expect((await coll.listRTStreams({ ...all, status: 'stopped' })).map(({ name }) => name)).toEqual(['Another']);
      const got = await coll.getRTStream(stream.get().id);
      expect(JSON.stringify(got)).toBe(JSON.stringify(found[0]));
      expect(got.mediaTypes).toEqual(['audio', 'video']);
    },
  },
  {
    n: 7,
    what: 'start_transcript',
    run: async ({ connection, stream, socketId }) => {
      expect(await stream.get().startTranscript(socketId.get())).toMatchObject({ status: 'running' });
      const path = ['rtstream', stream.get().id, 'transcription'];
      expect((await connection.vhttp.post(path, { action: 'start' })).data).toMatchObject({ status: 'running' });
    },
  },
  {
    n: 8,
    what: 'index_visuals, with a batch_config and without',
    run: async ({ stream, socketId, index }) => {
      const batchConfig = { type: 'time', value: 2, frameCount: 2 } as const;
      const config = { prompt: PROMPT, batchConfig, name: 'movement', socketId: socketId.get() };
      const made = index.set(present(await stream.get().indexVisuals(config)));
      expect(made.rtstreamIndexId).toMatch(PLAIN);
      expect(made).toMatchObject({ extractionType: 'time', prompt: PROMPT, name: 'movement', status: 'running' });
      const plain = present(await stream.get().indexVisuals({ prompt: PROMPT }));
      await plain.stop();
    },
  },
  {
    n: 9,
    what: 'index_audio by words, sentences and time',
    run: async ({ stream, socketId }) => {
      for (const type of ['word', 'sentence', 'time'] as const) {
        const batchConfig = { type, value: type === 'word' ? 50 : 10 };
        const made = await stream.get().indexAudio({ prompt: 'x', batchConfig, socketId: socketId.get() });
        expect(made).toMatchObject({ extractionType: 'transcript', extractionConfig: { segmenter: type } });
      }
    },
  },
  {
    n: 10,
    what: 'create_event, list_events',
    run: async ({ connection, eventId }) => {
      const id = eventId.set(present(await connection.createEvent('something moves', 'movement')));
      expect(id).toMatch(/^event-/);
      expect(await connection.listEvents()).toContainEqual(
        expect.objectContaining({ eventId: id, label: 'movement', eventPrompt: 'something moves' }),
      );
    },
  },
  {
    n: 11,
    what: 'create_alert, with a callback and without',
    run: async ({ index, eventId, webhook, socketId, alertIds }) => {
      const told = present(await index.get().createAlert(eventId.get(), webhook.url, socketId.get()));
      const silent = present(await index.get().createAlert(eventId.get(), ''));
      alertIds.set([told, silent]);
      for (const id of [told, silent]) expect(id).toMatch(PLAIN);
    },
  },
  {
    n: 12,
    what: 'messages on the WebSocket',
    run: async ({ messages, stream }) => {
      for (const channel of ['scene_index', 'alert', 'transcript', 'audio_index']) {
        const { data, rtstream_id } = await until(`a message about ${channel}`, () => of(messages, channel)[0], 90_000);
        expect(rtstream_id).toBe(stream.get().id);
        const at = data.start ?? data.timestamp ?? 0;
        expect(Math.abs(at - Date.now())).toBeLessThan(300_000); // Unix milliseconds.
      }
      for (const channel of ['scene_index', 'transcript', 'audio_index']) {
        expect(of(messages, channel)[0]?.data.text).toMatch(/\S/);
      }
      expect(of(messages, 'alert')[0]?.data.label).toBe('movement');
    },
  },
  {
    n: 13,
    what: 'the webhook gets the alert, though it first answered 500; the broker gets it, too',
    run: async ({ webhook, broker, stream, eventId, alertIds }) => {
      const alert = await webhook.next();
      expect(alert).not.toHaveProperty('event');
      expect(alert).toMatchObject({
        alert_id: alertIds.get()[0],
        event_id: eventId.get(),
        label: 'movement',
        rtstream_id: stream.get().id,
        confidence: expect.any(Number),
        explanation: expect.stringMatching(/\S/),
        timestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
      });
      for (const key of ['start_time', 'end_time', 'player_url']) expect(alert).toHaveProperty(key);
      const message = await until('the alert at the broker', () => broker.alerts[0]);
      expect(message.payload).toMatchObject({ event_id: eventId.get(), label: 'movement' });
      expect(message.topic).toMatch(/^watchpost\/box-[0-9a-f]+\/alerts\/yard\/movement$/);
      // A playlist that ends in the future has no duration yet.
      await until('the video of the alert', async () => (await probeDuration(String(alert['stream_url']))) > 0);
    },
  },
  {
    n: 14,
    what: 'get_scenes, by page and by range',
    run: async ({ index }) => {
      const all = await scenesOf(index.get(), 4);
      for (const scene of all) expect(scene.description).toBe(scene.text);
      expect(all.map(({ start }) => start)).toEqual(all.map(({ start }) => start).toSorted((a, b) => b - a));
      const oldest = present(all.at(-1));
      expect(Math.abs(oldest.start - Date.now() / 1000)).toBeLessThan(600); // Unix seconds.
      const ranged = await index.get().getScenes(oldest.start, oldest.end, 1, 100);
      expect(ranged?.scenes).toContainEqual(oldest);
      const first = await index.get().getScenes(undefined, undefined, 1, 2);
      const second = await index.get().getScenes(undefined, undefined, 2, 2);
      expect(first).toMatchObject({ nextPage: true, scenes: { length: 2 } });
      expect(second?.scenes.length).toBeGreaterThan(0);
    },
  },
  {
    n: 15,
    what: 'list_scene_indexes, get_scene_index, stop and start an index',
    run: async ({ stream, index, appliance }) => {
      const id = index.get().rtstreamIndexId;
      expect((await stream.get().listSceneIndexes()).map((each) => each.rtstreamIndexId)).toContain(id);
      expect((await stream.get().getSceneIndex(id)).name).toBe('movement');
      await index.get().stop();
      const stoppedMs = Date.now();
      await recordedSince(appliance, stream.get().id, stoppedMs + 4000, 8);
      const after = stoppedMs / 1000 + 4;
      expect((await index.get().getScenes(after, after + 3600))?.scenes).toEqual([]);
      await index.get().start();
      const startedMs = Date.now();
      const again = [startedMs / 1000, startedMs / 1000 + 3600] as const;
      await until('a scene', async () => (await index.get().getScenes(...again))?.scenes[0], 90_000);
    },
  },
  {
    n: 16,
    what: 'list_alerts, disable_alert, enable_alert',
    run: async (world) => {
      const { connection, index, stream, alertIds, webhook } = world;
      const [told, silent] = alertIds.get();
      const listed = await index.get().listAlerts();
      expect(listed).toMatchObject([{ alertId: told }, { alertId: silent }]);
      const path = ['rtstream', stream.get().id, 'index', index.get().rtstreamIndexId, 'alert', told, 'status'];
      await connection.vhttp.patch(path, { status: 'disabled' });
      await index.get().disableAlert(silent);
      await allTold(world.appliance);
      const before = webhook.alerts.length;
      await passAndReturn(world);
      expect(webhook.alerts).toHaveLength(before);
      await index.get().enableAlert(told);
      await until('an alert', () => webhook.alerts.length > before, 90_000);
    },
  },
  {
    n: 17,
    what: 'get_transcript, by page, since and range',
    run: async ({ stream }) => {
      const all = await transcriptOf(stream.get(), { page: 1, pageSize: 100 });
      expect(all.map(({ text }) => text.toLowerCase()).join(' ')).toMatch(/delivery van/);
      for (const { start, end, wordTimestamps } of all) {
        for (const word of wordTimestamps) expect(word.start).toBeGreaterThanOrEqual(start);
        for (const word of wordTimestamps) expect(word.end).toBeLessThanOrEqual(end);
      }
      const [first, last] = [present(all[0]), present(all.at(-1))];
      expect(await transcriptOf(stream.get(), { start: 0 })).toContainEqual(first);
      const newer = await transcriptOf(stream.get(), { since: last.start });
      expect(newer.every(({ end }) => end > last.start)).toBe(true);
      expect(newer).not.toContainEqual(first);
    },
  },
  {
    n: 18,
    what: 'rtstream.search; a shot plays',
    run: async ({ stream, index }) => {
      const found = await stream.get().search({ query: 'motion', scoreThreshold: 0.5 });
      const shot = present(found.shots[0]);
      expect(shot).toMatchObject({ rtstreamId: stream.get().id, sceneIndexName: 'movement' });
      expect(shot.searchScore).toBeGreaterThanOrEqual(0.5);
      // Perhaps it is still being recorded.
      await until('the shot plays', async () => (await probeDuration(present(await shot.generateStream()))) > 0);
      const moment = Math.floor(shot.start);
      expect(await probeDuration(present(await stream.get().generateStream(moment, moment)))).toBeGreaterThanOrEqual(1);
      const within = await stream.get().search({ query: 'motion', indexId: index.get().rtstreamIndexId });
      expect(within.shots.length).toBeGreaterThan(0);
      expect((await stream.get().search({ query: 'quasar zeppelin', scoreThreshold: 0.5 })).shots).toEqual([]);
    },
  },
  {
    n: 19,
    what: 'collection.search in rtstream',
    run: async ({ collection, stream }) => {
      const none = undefined;
      const found = await collection.get().search('motion', none, none, none, none, none, none, 'rtstream');
      expect(found.shots[0]).toMatchObject({ rtstreamId: stream.get().id, rtstreamName: 'Yard' });
    },
  },
  {
    n: 20,
    what: 'generate_stream; HLS, player page and embedding play, while it still records',
    run: async ({ stream, connection, appliance }) => {
      const { id } = stream.get();
      const startMs = await recordedSince(appliance, id, 0, 20);
      const [start, end] = [Math.ceil(startMs / 1000) + 1, Math.ceil(startMs / 1000) + 13];
      const url = present(await stream.get().generateStream(start, end));
      expect(Math.abs((await probeDuration(url)) - 12)).toBeLessThanOrEqual(4);
      const params = {
        start,
        end,
        player_title: 'The yard',
        player_description: 'At noon',
        player_slug_prefix: 'yard',
      };
      const { data } = await connection.vhttp.get<{ playerUrl: string }>(['rtstream', id, 'stream'], { params });
      expect(data.playerUrl).toMatch(/\/watch\?v=yard/);
      await seePlayer(data.playerUrl, 'The yard');
      const early = present(await stream.get().generateStream(start - 3600, end));
      expect(await probeDuration(early)).toBeLessThan(20); // Clipped to what is recorded.
    },
  },
];

interface TranscriptRecord {
  start: number;
  end: number;
  text: string;
  wordTimestamps: { start: number; end: number; word: string }[];
}

async function transcriptOf(stream: RTStream, query: Parameters<RTStream['getTranscript']>[0]) {
  const { transcriptionRecords } = await stream.getTranscript(query);
  return transcriptionRecords as TranscriptRecord[]; // The client leaves them untyped.
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('nothing came back');
  return value;
}

function of(messages: readonly Message[], channel: string): Message[] {
  return messages.filter((message) => message.channel === channel);
}

/** At least so many scenes, newest first. */
function scenesOf(index: RTStreamSceneIndex, count: number): Promise<SceneRecord[]> {
  return until(`${count} scenes`, async () => {
    const answer = await index.getScenes();
    // The client leaves them untyped.
    return answer && answer.scenes.length >= count ? (answer.scenes as SceneRecord[]) : undefined;
  });
}

/** Waits until nothing that has fired is still on its way. */
async function allTold(appliance: World['appliance']): Promise<void> {
  await allJudged(appliance);
  await until('all is told', async () => {
    const { delivery } = await appliance.data<{ delivery: { backlog: object[] } }>('GET', '/v1/status');
    return delivery.backlog.length === 0;
  });
}

/** Waits until something has begun to move twice more, and all of it was judged. */
async function passAndReturn({ index, appliance }: World): Promise<void> {
  const sinceS = Date.now() / 1000;
  await until(
    'two passages',
    async () => {
      const scenes = ((await index.get().getScenes(sinceS, sinceS + 3600))?.scenes ?? []) as SceneRecord[];
      const moving = scenes.map(({ text }) => /motion/.test(text));
      return moving.filter((moves, i) => moves && moving[i + 1] === false).length >= 2;
    },
    120_000,
  );
  await allJudged(appliance);
}
