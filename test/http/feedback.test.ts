/** Why an alert fired, and what people say of it: over HTTP. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { Alert, Evidence, Firing } from '#domain';
import { aFiring, anAlert, anEvent } from '../store/fixture.ts';
import { addIndex, addScene, addStream, type Box, openBox, T0 } from './box.ts';

const BOX = { x1: 0.25, y1: 0.25, x2: 0.5, y2: 0.75 };

/** An alert that fires as sure as it is told to. */
function armed({ store }: Box) {
  const index = addIndex(store, addStream(store).id);
  const event = anEvent();
  store.events.create(event);
  const alert = anAlert(index, event);
  store.alerts.create(alert);
  const fire = (confidence: number, atS: number, overrides: Partial<Firing> = {}): Firing => {
    const firing = aFiring(alert, T0 + atS * 1000, { confidence, ...overrides });
    store.commitEvaluation({ cursor: 0, cursorName: 'x', states: [], firings: [{ firing, deliveries: [] }] });
    return firing;
  };
  return { index, alert, fire, path: pathOf(alert) };
}

const pathOf = ({ streamId, indexId, id }: Alert) => `/rtstream/${streamId}/index/${indexId}/alert/${id}`;

it('an alert that fired shows its evidence, and the scenes of its time', async () => {
  await using box = await openBox();
  const { index, fire } = armed(box);
  const before = addScene(box.store, index, 0, 'An empty yard.');
  const scene = addScene(box.store, index, 5, 'A person.');
  addScene(box.store, index, 60, 'Later.');
  const evidence: Evidence = {
    rule: anEvent().rule,
    packs: ['built-in', 'gone'],
    models: [{ name: 'built-in', version: '1' }],
    sceneText: 'A person.',
    window: { startMs: T0 + 5000, endMs: T0 + 10_000 },
    objects: [{ label: 'person', score: 0.8, box: BOX }],
    threshold: 0.5,
    check: { decidedBy: 'model', likeness: 0.7, verdict: { confirmed: true, text: 'Yes.', by: 'seer', atMs: 1000 } },
  };
  const { id } = fire(0.8, 2, { endMs: T0 + 10_000, sceneId: scene.id, evidence });
  const { data } = await box.call('GET', `/v1/alerts/${id}`);
  expect(data).toMatchObject({ id, confidence: 0.8, threshold: 0.5 });
  expect(data.evidence).toMatchObject({
    rule: { version: 2, understood: anEvent().rule.understood },
    models: [{ name: 'built-in', version: '1' }, { name: 'gone' }],
    score: 0.8,
    threshold: 0.5,
    text: 'A person.',
    window: { start: (T0 + 5000) / 1000, end: (T0 + 10_000) / 1000 },
    objects: [{ label: 'person', score: 0.8, box: [0.25, 0.25, 0.5, 0.75] }],
    check: { decided_by: 'model', likeness: 0.7, verdict: { confirmed: true, text: 'Yes.', by: 'seer' } },
  });
  expect(data.evidence.scenes.map((one: { id: number }) => one.id)).toEqual([scene.id, before.id]);

  const old = fire(0.9, 30);
  const bare = (await box.call('GET', `/v1/alerts/${old.id}`)).data;
  expect(bare).not.toHaveProperty('threshold');
  expect(bare.evidence).toMatchObject({ models: [{ name: 'yolox-nano' }], objects: [], threshold: 0 });
  expect((await box.call('GET', '/v1/alerts/nothing')).status).toBe(404);
});

it('its picture has what it fired for drawn in, and opens with its link alone', async () => {
  await using box = await openBox();
  const { index, fire } = armed(box);
  await mkdir(box.deps.thumbsDir);
  const grey = sharp({ create: { width: 400, height: 200, channels: 3, background: '#808080' } });
  await writeFile(join(box.deps.thumbsDir, 'a.jpg'), await grey.jpeg().toBuffer());
  const scene = addScene(box.store, index, 0, 'A person.', { thumbPath: 'a.jpg' });
  const objects = [{ label: 'person', score: 0.8, box: BOX }];
  const evidence = { rule: anEvent().rule, packs: [], sceneText: '', objects };
  const { id } = fire(0.8, 0, { sceneId: scene.id, evidence });
  const link = (await box.call('GET', `/v1/alerts/${id}`)).data.picture_url;
  expect((await box.call('GET', '/v1/alerts')).data.alerts[0].picture_url).toBe(link);

  const answers = await Promise.all([1, 2, 3].map(async () => box.app.request(`http://box${link}`)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const { data, info } = await sharp(Buffer.from((await answers[0]?.arrayBuffer()) ?? new ArrayBuffer(0)))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const red = (x: number, y: number) => {
    const [r = 0, g = 0] = data.subarray((y * info.width + x) * 3);
    return r - g > 60;
  };
  expect([info.width, info.height]).toEqual([400, 200]);
  expect([red(100, 100), red(200, 100), red(150, 50), red(150, 150)]).toEqual([true, true, true, true]);
  expect([red(150, 100), red(50, 100), red(300, 100)]).toEqual([false, false, false]);

  const bare = `http://box/v1/alerts/${id}/picture.jpg`;
  expect((await box.app.request(bare)).status).toBe(401);
  expect((await box.app.request(link.replace(id, fire(0.8, 60).id), {})).status).toBe(401);
  expect((await box.app.request(bare, { headers: { 'x-access-token': 'sk-right' } })).status).toBe(200);
});

it('without a picture that can be read it says so, and goes on for others', async () => {
  await using box = await openBox();
  const { index, fire } = armed(box);
  await mkdir(box.deps.thumbsDir);
  await writeFile(join(box.deps.thumbsDir, 'bad.jpg'), 'no picture');
  const picture = (firing: Firing) => box.call('GET', `/v1/alerts/${firing.id}/picture.jpg`);
  const bad = addScene(box.store, index, 0, 'x', { thumbPath: 'bad.jpg' });
  const gone = addScene(box.store, index, 9, 'x', { thumbPath: 'gone.jpg' });
  const firings = [bad, gone].map(({ id: sceneId, startMs }) => fire(0.8, (startMs - T0) / 1000, { sceneId }));
  const [broken, missing] = await Promise.all(firings.map(picture));
  expect(broken).toMatchObject({ status: 404, message: expect.stringContaining('damaged') });
  expect(missing).toMatchObject({ status: 404, message: expect.stringContaining('gone') });
  expect(await picture(fire(0.8, 60, { sceneId: 0 }))).toMatchObject({ status: 404 });
});

it('is marked right or wrong, with a note, and the mark is taken back', async () => {
  await using box = await openBox();
  const { alert, fire, path } = armed(box);
  const { id } = fire(0.4, 0);
  const marked = await box.call('PUT', `/v1/alerts/${id}/feedback`, { verdict: 'wrong', note: 'a coat' });
  expect(marked.data.feedback).toEqual({ verdict: 'wrong', note: 'a coat', timestamp: expect.any(String) });
  expect((await box.call('GET', '/v1/alerts')).data.alerts).toMatchObject([{ id, feedback: { verdict: 'wrong' } }]);
  expect((await box.call('GET', `${path}/feedback`)).data).toMatchObject({ right: 0, wrong: 1, marked: [{ id }] });
  await box.call('PUT', `/v1/alerts/${id}/feedback`, { verdict: 'right' });
  expect(box.store.marks.listByAlert(alert.id)).toMatchObject([{ verdict: 'right' }]);

  const back = await box.call('DELETE', `/v1/alerts/${id}/feedback`);
  expect(back.data).not.toHaveProperty('feedback');
  expect((await box.call('DELETE', `/v1/alerts/${id}/feedback`)).message).toBe('it was not marked');
  expect((await box.call('GET', `${path}/feedback`)).data).toMatchObject({ right: 0, wrong: 0, marked: [] });
  for (const body of [{}, { verdict: 'maybe' }, { verdict: 'wrong', note: 'x'.repeat(501) }]) {
    expect((await box.call('PUT', `/v1/alerts/${id}/feedback`, body)).status).toBe(400);
  }
  for (const method of ['PUT', 'DELETE']) {
    const body = method === 'PUT' ? { verdict: 'wrong' } : undefined;
    expect((await box.call(method, '/v1/alerts/nothing/feedback', body)).status).toBe(404);
  }
  expect((await box.call('GET', `${path}x/feedback`)).status).toBe(404);
});

it('wrong ones speak for a threshold, which is applied and taken back by request alone', async () => {
  await using box = await openBox();
  const { alert, fire, path } = armed(box);
  const sure = [0.4, 0.45, 0.5, 0.8, 0.9];
  const firings = sure.map((confidence, n) => fire(confidence, n * 60));
  for (const [n, { id }] of firings.entries()) {
    if (n < 4) await box.call('PUT', `/v1/alerts/${id}/feedback`, { verdict: n < 2 ? 'wrong' : 'right' });
  }
  const suggestion = { threshold: 0.46, wrong_left_out: 2, right_left_out: 0, fired: 5, would_have_fired: 3 };
  const feedback = async () => (await box.call('GET', `${path}/feedback`)).data;
  expect(await feedback()).toMatchObject({ threshold: 0, right: 2, wrong: 2, suggestion });
  expect(box.store.alerts.get(alert.id)).not.toHaveProperty('threshold');

  expect((await box.call('PATCH', path, { threshold: 0.46 })).data).toMatchObject({ threshold: 0.46 });
  expect(await feedback()).toMatchObject({ threshold: 0.46, suggestion });
  expect(box.store.armingLog.list({ limit: 1 })).toMatchObject([{ what: 'threshold', alertId: alert.id }]);
  for (const threshold of [-0.1, 1.1, 'much']) expect((await box.call('PATCH', path, { threshold })).status).toBe(400);
  expect((await box.call('PATCH', path, {})).data).toMatchObject({ threshold: 0.46 });
  expect((await box.call('PATCH', path, { threshold: 0 })).data).not.toHaveProperty('threshold');

  for (const { id } of firings) await box.call('DELETE', `/v1/alerts/${id}/feedback`);
  expect(await feedback()).not.toHaveProperty('suggestion');
});
