import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { Child } from '#runtime';
import { freePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './waiting.ts';

export interface MqttMessage {
  topic: string;
  payload: Record<string, unknown>;
}

/** A real broker with one subscriber that keeps everything under `watchpost/+/alerts/#`. */
export interface Broker extends AsyncDisposable {
  url: string;
  alerts: MqttMessage[];
}

export async function startBroker(): Promise<Broker> {
  const dir = await tempDir();
  const port = await freePort();
  const config = join(dir.path, 'mosquitto.conf');
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const mosquitto = await Child.start('mosquitto', ['-c', config], { stdio: 'ignore', env: withSbin() });
  await until('mosquitto accepts connections', () => accepts(port));

  const url = `mqtt://127.0.0.1:${port}`;
  const subscriber = await connectAsync(url);
  const alerts: MqttMessage[] = [];
  subscriber.on('message', (topic, payload) => alerts.push({ topic, payload: JSON.parse(payload.toString()) }));
  await subscriber.subscribeAsync('watchpost/+/alerts/#', { qos: 1 });
  return {
    url,
    alerts,
    [Symbol.asyncDispose]: async () => {
      await subscriber.endAsync();
      await mosquitto[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Debian installs mosquitto where only root's PATH looks. */
function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
