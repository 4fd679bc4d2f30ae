/** The routes of our own: status, scenes, alerts, timeline, zones, metrics, the page. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CameraStatus, type Firing, newId, type SceneIndex, type Stream } from '#domain';
import { addIndex, addScene, addStream, type Box, openBox, put, record, T0 } from './box.ts';

const S0 = T0 / 1000;
let box: Box;
let stream: Stream;
let index: SceneIndex;

beforeAll(async () => {
  box = await openBox();
  stream = addStream(box.store, {
    name: 'Gate "A"\\',
    zones: [
      {
        name: 'gate',
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
    ],
  });
  index = addIndex(box.store, stream.id);
});
afterAll(() => box[Symbol.asyncDispose]());

const text = async (path: string, headers: Record<string, string> = { 'x-access-token': 'sk-right' }) => {
  const response = await box.app.request(`http://box${path}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** Lets an alert fire on the scene, as the evaluator would. */
function fire(sceneId: number, atS: number, seq: number): Firing {
  const event = {
    id: newId('event'),
    prompt: 'someone enters',
    label: 'entered',
    rule: { version: 2, subject: { kind: 'motion' }, relation: 'present', needs: [], understood: 'it moves' },
    createdMs: T0,
  } as const;
  box.store.events.create({ ...event, rule: { ...event.rule, needs: [] } });
  const alert = { id: newId('alert'), streamId: stream.id, indexId: index.id, eventId: event.id } as const;
  box.store.alerts.create({ ...alert, status: 'enabled', createdMs: T0 });
  const firing: Firing = {
    id: newId('firing'),
    alertId: alert.id,
    eventId: event.id,
    label: event.label,
    streamId: stream.id,
    indexId: index.id,
    sceneId,
    atMs: T0 + atS * 1000,
    startMs: T0 + atS * 1000 - 2000,
    endMs: T0 + atS * 1000,
    confidence: 0.9,
    explanation: 'it moved',
    evidence: { rule: { ...event.rule, needs: [] }, packs: ['built-in'], sceneText: 'x' },
  };
  box.store.commitEvaluation({ cursor: seq, cursorName: 'events', states: [], firings: [{ firing, deliveries: [] }] });
  return firing;
}

describe('health', () => {
  it('needs no key', async () => {
    const answer = await box.call('GET', '/v1/health', undefined, { 'x-access-token': '' });
    expect(answer).toMatchObject({ status: 200, data: { status: 'ok', version: '0.0.0-test' } });
  });
});

describe('status', () => {
  it('tells of every camera, running or not, in snake_case', async () => {
    const status: CameraStatus = {
      streamId: stream.id,
      phase: 'recording',
      sinceMs: T0,
      restarts: 2,
      facts: { videoCodec: 'h264', width: 640, height: 360, fps: 25, keyframeIntervalS: 2, transport: 'tcp' },
      sampling: 'keyframes',
      fpsSeen: 0.5,
      framesSeen: 10,
      framesDropped: 1,
      windowsDropped: 0,
      degraded: [{ kind: 'looking', what: 'not all is looked at', remedy: 'Fewer cameras.' }],
      lastSegmentEndMs: T0 + 4000,
      segmentsWritten: 1,
      bytesWritten: 1000,
      notes: [],
    };
    box.live.statuses = [status];
    const idle = addStream(box.store, { name: 'Idle', wanted: 'stopped' });
    const { data } = await box.call('GET', '/v1/status');
    expect(data).toMatchObject({
      attention: expect.arrayContaining([
        { what: `camera "${stream.name}": not all is looked at`, remedy: 'Fewer cameras.' },
      ]),
      box: {
        id: expect.stringMatching(/^box-/),
        name: 'test box',
        version: '0.0.0-test',
        uptime_s: expect.any(Number),
      },
      inference: { state: 'ready' },
      evaluator: { lag: 0 },
      delivery: { mqtt: { connected: false, last_error: 'away' } },
      storage: { segments: expect.any(Number), bytes: expect.any(Number), free_bytes: expect.any(Number) },
    });
    const [gate, other] = data.cameras;
    expect(gate).toMatchObject({
      stream_id: stream.id,
      name: stream.name,
      phase: 'recording',
      since_ms: T0,
      keyframe_interval_s: 2,
      facts: { video_codec: 'h264' },
      last_segment_end_ms: T0 + 4000,
      zones: [
        {
          name: 'gate',
          polygon: [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
        },
      ],
      indexes: [{ id: index.id, name: 'scenes', status: 'running' }],
    });
    expect(other).toMatchObject({ stream_id: idle.id, phase: 'stopped', frames_seen: 0 });
  });

  it('is there for Prometheus too, with names escaped', async () => {
    const { headers, text: metrics } = await text('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics).toContain(`watchpost_camera_recording{stream_id="${stream.id}",name="Gate \\"A\\"\\\\"} 1`);
    expect(metrics).toContain('# TYPE watchpost_camera_restarts_total counter');
    expect(metrics).toContain('\nwatchpost_deliveries_dead 0\n');
    for (const line of metrics.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) watchpost_\w+ .+|watchpost_\w+(\{.*\})? -?[\d.e+]+)$/);
    }
    expect((await text('/metrics', {})).status).toBe(401);
  });
});

describe('scenes, alerts and timeline', () => {
  it('show what was seen, newest first', async () => {
    const scenes = [0, 5, 10].map((at) => addScene(box.store, index, at, `scene at ${at}`, { thumbPath: 'a.jpg' }));
    const { data } = await box.call('GET', '/v1/scenes?limit=2');
    expect(data.scenes.map((scene: { text: string }) => scene.text)).toEqual(['scene at 10', 'scene at 5']);
    expect(data.scenes[0]).toMatchObject({
      id: scenes[2]?.id,
      stream_id: stream.id,
      stream_name: stream.name,
      index_id: index.id,
      start: S0 + 10,
      end: S0 + 15,
      thumbnail_url: expect.stringMatching(/^\/v1\/thumbs\/\d+\.jpg\?t=/),
      facts: { counts: { 'traffic light': 1 }, objects: [{ since_ms: T0 }] },
    });
    const before = await box.call('GET', `/v1/scenes?stream=${stream.id}&before=${scenes[1]?.id}`);
    expect(before.data.scenes.map((scene: { text: string }) => scene.text)).toEqual(['scene at 0']);

    const found = await box.call('GET', `/v1/search?q=scene&limit=1&stream=${stream.id}`);
    expect(found.data.results[0]).toMatchObject({
      score: expect.any(Number),
      text: expect.stringMatching(/^scene at/),
    });
  });

  it('show what fired', async () => {
    const scene = addScene(box.store, index, 20, 'a van', { thumbPath: 'v.jpg' });
    const firing = fire(scene.id, 22, 1);
    const { data } = await box.call('GET', '/v1/alerts?limit=5');
    expect(data.alerts).toEqual([
      expect.objectContaining({
        id: firing.id,
        alert_id: firing.alertId,
        label: 'entered',
        stream_name: stream.name,
        scene_id: scene.id,
        start: S0 + 20,
        end: S0 + 22,
        timestamp: '2026-01-15T12:00:22.000Z',
        confidence: 0.9,
        explanation: 'it moved',
        thumbnail_url: expect.stringContaining(`/v1/thumbs/${scene.id}.jpg?t=`),
      }),
    ]);
  });

  it('draw a stretch of time', async () => {
    await record(box, stream.id, 0, 3);
    await record(box, stream.id, 30, 2, 'ses-2');
    await record(box, stream.id, 38.6, 1, 'ses-3');
    await record(box, stream.id, 43.2, 1, 'ses-4');
    box.store.segments.addGap({ streamId: stream.id, startMs: T0 + 12_000, endMs: T0 + 30_000, reason: 'no answer' });
    box.store.segments.addGap({ streamId: stream.id, startMs: T0 + 38_000, endMs: T0 + 38_600, reason: 'reset' });
    const { data } = await box.call('GET', `/v1/timeline?stream=${stream.id}&start=${S0}&end=${S0 + 60}`);
    expect(data.recorded).toEqual([
      [S0, S0 + 12],
      [S0 + 30, S0 + 38],
      [S0 + 38.6, S0 + 47.2],
    ]);
    expect(data.gaps).toEqual([
      { start: S0 + 12, end: S0 + 30, reason: 'no answer' },
      { start: S0 + 38, end: S0 + 38.6, reason: 'reset' },
    ]);
    expect(data.scenes).toHaveLength(4);
    expect(data.scenes[0]).toMatchObject({ start: S0 + 20, end: S0 + 25, motion: 0.25 });
    expect(data.alerts).toEqual([{ id: expect.any(String), at: S0 + 22, label: 'entered' }]);
  });
});

describe('one camera', () => {
  it('shows its latest picture', async () => {
    const path = `/v1/streams/${stream.id}/latest.jpg`;
    expect((await box.call('GET', path)).message).toContain('no picture');
    box.live.frames.set(stream.id, { atMs: T0, width: 4, height: 4, rgb: new Uint8Array(48), sceneScore: 0 });
    const response = await box.app.request(`http://box${path}`, { headers: { 'x-access-token': 'sk-right' } });
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect([...new Uint8Array(await response.arrayBuffer()).slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  });

  it('takes zones, and tells the pipeline', async () => {
    const zones = [
      {
        name: 'door',
        polygon: [
          ['0.1', 0.1],
          [0.5, 0.1],
          [0.5, 0.9],
        ],
      },
    ];
    const reconciled = box.live.reconciled;
    const { data } = await box.call('PUT', `/v1/streams/${stream.id}/zones`, { zones });
    expect(data.zones).toEqual([
      {
        name: 'door',
        polygon: [
          [0.1, 0.1],
          [0.5, 0.1],
          [0.5, 0.9],
        ],
      },
    ]);
    expect(box.store.streams.get(stream.id)?.zones).toEqual(data.zones);
    expect(box.live.reconciled).toBe(reconciled + 1);
  });

  it('sets the zones of a camera of the configuration there, so that they stay', async () => {
    const corners = [
      [0, 0],
      [1, 0],
      [1, 1],
    ] satisfies [number, number][];
    const [kept, gone, fresh] = ['kept', 'gone', 'fresh'].map((name) => ({ name, polygon: corners }));
    const { configuration } = box.deps;
    const url = 'rtsp://10.0.0.9/1';
    await configuration.apply({ patch: { cameras: { fixed: { url, zones: [kept, gone] } } } }, 'a test');
    const zones = [kept, gone].flatMap((zone) => zone ?? []);
    const { id } = addStream(box.store, { name: 'fixed', origin: 'config', zones });
    await box.call('PUT', `/v1/streams/${id}/zones`, { zones: [fresh, kept] });
    const { config } = configuration.view();
    expect(config).toMatchObject({ cameras: [{ zones: [{ name: 'kept' }, { name: 'fresh' }] }] });
    expect(box.store.streams.get(id)?.zones.map(({ name }) => name)).toEqual(['fresh', 'kept']);
  });

  it('understands a prompt without making an event', async () => {
    const { data } = await box.call('POST', '/v1/events/understand', { prompt: 'someone enters the gate' });
    expect(data).toMatchObject({
      rule: { relation: 'enters', understood: expect.any(String) },
      needs: expect.any(Array),
    });
    expect(data.understood).toBe(data.rule.understood);
  });
});

describe('the page', () => {
  it('says so when it is not built', async () => {
    expect(await text('/', {})).toMatchObject({ status: 200, text: expect.stringContaining('npm run build') });
  });

  it('is served without a key, under a strict policy, and may be framed only as the embed', async () => {
    const web = join(box.dir, 'web');
    await put(join(web, 'index.html'), '<title>Watchpost</title>');
    await put(join(web, 'watch.html'), '<title>Watch</title>');
    await put(join(web, 'api.html'), '<title>API</title>');
    await put(join(web, 'assets/app-1.js'), 'x');
    await put(join(web, 'icon.svg'), '<svg/>');
    await put(join(web, 'secret.txt'), 'no');
    for (const [path, title, ancestors] of [
      ['/', 'Watchpost', "'none'"],
      ['/watch?v=x', 'Watch', "'none'"],
      ['/embed?v=x', 'Watch', '*'],
      ['/v1/docs', 'API', "'none'"],
    ] as const) {
      const page = await text(path, {});
      expect(page.text).toContain(title);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'; /);
      expect(page.headers.get('content-security-policy')).toContain(`frame-ancestors ${ancestors}`);
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    }
    const asset = await text('/assets/app-1.js', {});
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-type')).toContain('javascript');
    expect((await text('/v1/assets/app-1.js', {})).text).toBe('x');
    expect((await text('/icon.svg', {})).headers.get('content-type')).toBe('image/svg+xml');
    expect((await text('/assets/none.js', {})).status).toBe(404);
    for (const path of ['/secret.txt', '/assets/..%2Fsecret.txt', '/assets/.hidden', '/v1/assets/%2e%2e/secret.txt']) {
      expect((await text(path, {})).status, path).toBe(401);
    }
  });
});
