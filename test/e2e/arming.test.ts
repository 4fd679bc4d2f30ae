/** A group that is disarmed over a real broker keeps still over a box that is killed, while its neighbour goes on telling. */
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { listener, mosquitto } from './support/mosquitto.ts';
import { tempDir } from './support/temp-dir.ts';
import { blinkingRoom } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm, firings } from './support/watching.ts';

interface Group {
  armed: boolean;
  since: number;
  by: string;
}

test('a group is disarmed and armed over MQTT, and stays as it was put when the box is killed', async () => {
  await using dir = await tempDir();
  await using camera = await startRtspServer({ file: await blinkingRoom(300), name: 'room' });
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port);
  const config = { mqtt: { url: `mqtt://127.0.0.1:${broker.port}` } };
  const start = () => TestAppliance.start({ dataDir: dir.path, config, logLevel: 'info' });
  let box = await start();
  try {
    const room = await addCamera(box, { url: camera.url, name: 'room' });
    await arm(box, room, { prompt: 'the lights go off', label: 'dark' });
    const id = await arm(box, room, { prompt: 'the lights go on', label: 'bright' });
    await box.data('PATCH', `/rtstream/${room.streamId}/index/${room.indexId}/alert/${id}`, { group: 'night' });
    const fired = async (label: string, afterS: number) =>
      (await firings(box)).filter((one) => one.label === label && one.end > afterS);
    /** Between two times that the light goes off it goes on. */
    const wentOnAfter = (afterS: number) =>
      until('the light goes off twice', async () => (await fired('dark', afterS)).length >= 2, 90_000);
    const night = async () => (await box.data<{ groups: [Group] }>('GET', '/v1/groups')).groups[0];
    const turned = async (armed: boolean) => {
      const { id: boxId } = (await box.data<{ box: { id: string } }>('GET', '/v1/status')).box;
      const topic = `watchpost/${boxId}/groups/night`;
      await until('the group is on the broker', () => ear.last('groups/night/state'));
      // A box that has just come back may not listen yet.
      return until(`the group is ${armed ? 'armed' : 'disarmed'}`, async () => {
        await ear.mqtt.publishAsync(`${topic}/set`, armed ? 'ON' : 'OFF', { qos: 1 });
        const now = await night();
        return now.armed === armed && now;
      });
    };

    await until('the light goes on', async () => (await fired('bright', 0)).length > 0, 90_000);
    const off = await turned(false);
    expect(off.by).toBe('MQTT');
    await wentOnAfter(off.since);
    await box.kill('SIGKILL');
    box = await start();
    await wentOnAfter(Date.now() / 1000);
    expect(await night()).toMatchObject({ armed: false, since: off.since });
    const on = await turned(true);
    await until('the light goes on again', async () => (await fired('bright', on.since)).length > 0, 90_000);
    const meanwhile = (await fired('bright', off.since)).filter(({ end }) => end < on.since);
    expect(meanwhile).toEqual([]);
    const { changes } = await box.data<{ changes: { what: string; by: string }[] }>('GET', '/v1/arming/changes');
    expect(changes.map(({ what }) => what)).toEqual(['armed', 'disarmed', 'joined', 'armed', 'armed']);
  } finally {
    await box[Symbol.asyncDispose]();
  }
});
