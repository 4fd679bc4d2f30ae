import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectAsync, type MqttClient } from 'mqtt';
import { Child, Lifetime } from '#runtime';
import { freePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './waiting.ts';

const run = promisify(execFile);

export type Mosquitto = Awaited<ReturnType<typeof mosquitto>>;

/** A real broker that can be killed and comes back on its port with what it had promised its subscribers. */
export async function mosquitto(settings: (dir: string, port: number) => string = openToAll) {
  const life = new Lifetime();
  const dir = life.use(await tempDir());
  const port = await freePort();
  const config = join(dir.path, 'mosquitto.conf');
  const wanted = settings(dir.path, port);
  const ports = [...wanted.matchAll(/^listener (\d+)/gm)].map(([, number]) => Number(number));
  // As root it would become another user, who may not read or write here.
  await writeFile(config, `user ${userInfo().username}\n${wanted}\n`);
  let running: Child | undefined;
  const stop = async (how: NodeJS.Signals) => {
    running?.kill(how);
    await running?.ended;
  };
  life.defer(() => stop('SIGKILL'));
  const start = async () => {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
    running = await Child.start('mosquitto', ['-c', config], { stdio: 'ignore', env: { ...process.env, PATH: path } });
    for (const one of ports) await until(`mosquitto accepts connections on ${one}`, () => accepts(one));
  };
  const freeze = () => running?.kill('SIGSTOP');
  return { dir: dir.path, port, start, stop, freeze, [Symbol.asyncDispose]: () => life[Symbol.asyncDispose]() };
}

function openToAll(dir: string, port: number): string {
  return [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence true',
    `persistence_location ${dir}/`,
    'autosave_on_changes true',
    'autosave_interval 1',
    // What it has acknowledged is on its way to whoever listens, and isn't lost with it.
    'max_inflight_messages 0',
  ].join('\n');
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

export interface Heard {
  topic: string;
  payload: Buffer;
  qos: number;
  retained: boolean;
}

/** Hears everything below a topic, also what was said while it or the broker was away. */
export async function listener(
  port: number,
  topic = 'watchpost/#',
  client: { username?: string; password?: string } = {},
) {
  const heard: Heard[] = [];
  const options = { clientId: `listener-${topic}`, clean: false, reconnectPeriod: 100, ...client };
  const mqtt: MqttClient = await connectAsync(`mqtt://127.0.0.1:${port}`, options);
  mqtt.on('error', () => undefined); // It reconnects.
  mqtt.on('message', (at, payload, { qos, retain }) => heard.push({ topic: at, payload, qos, retained: retain }));
  await mqtt.subscribeAsync(topic, { qos: 1 });
  return {
    heard,
    mqtt,
    /** The newest on the topic that ends so, as text. */
    last: (end: string) => heard.findLast((message) => message.topic.endsWith(end))?.payload.toString(),
    statuses: () =>
      heard.filter((message) => message.topic.endsWith('/status')).map(({ payload }) => payload.toString()),
    firings: () =>
      heard
        .filter((message) => message.topic.includes('/alerts/'))
        .map(({ payload }) => String(JSON.parse(payload.toString()).firing_id)),
    [Symbol.asyncDispose]: () => mqtt.endAsync(true),
  };
}

/** An authority of its own, which signs certificates for 127.0.0.1; all are files in the directory. */
export async function authority(dir: string, name: string) {
  const file = (of: string) => join(dir, of);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const own = ['-days', '2', '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
  await run('openssl', ['req', '-x509', ...ec, ...own]);
  await writeFile(file('extensions'), 'subjectAltName=IP:127.0.0.1\n');
  const ca = ['-CA', file(`${name}.pem`), '-CAkey', file(`${name}.key`), '-CAcreateserial'];
  return {
    caFile: file(`${name}.pem`),
    /** Of less than no days: one that has expired. */
    issue: async (who: string, days = 2): Promise<{ certFile: string; keyFile: string }> => {
      const [keyFile, request, certFile] = [file(`${who}.key`), file(`${who}.csr`), file(`${who}.pem`)];
      await run('openssl', ['req', ...ec, '-subj', `/CN=${who}`, '-keyout', keyFile, '-out', request]);
      const signed = ['-days', String(days), '-extfile', file('extensions'), '-out', certFile];
      await run('openssl', ['x509', '-req', '-in', request, ...ca, ...signed]);
      return { certFile, keyFile };
    },
  };
}
