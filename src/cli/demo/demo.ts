/**
 * `watchpost demo`: a camera, a broker and a webhook receiver around a real appliance, all on loopback and in a folder
 * of their own that is gone afterwards. What it shows and measures it gets as any client would: HTTP, MQTT, webhook.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAppliance } from '#app';
import { configOf, readWritten } from '#config';
import { createLog, Fault, isAbort, Lifetime } from '#runtime';
import { startBroker } from './broker.ts';
import { ApplianceClient } from './client.ts';
import { type Figures, measure, shortcomings } from './figures.ts';
import { type ReceivedAlert, startWebhookReceiver, subscribe } from './receivers.ts';
import { startRtspServer } from './rtsp-server.ts';
import { LOADING_ZONE, renderScene } from './scene.ts';
import { Screen } from './screen.ts';
import { type Alerts, watch } from './watch.ts';

export interface DemoOptions {
  /** End after the first full minute. */
  once?: boolean;
  /** Print the figures as one line of JSON on stdout; all else goes to stderr. */
  json?: boolean;
}

/** Throws `refused` when with `once` the minute showed less than a working box does. */
export async function demo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const screen = new Screen(options.json ? process.stderr : process.stdout);
  const figures = await show(options, screen, signal).catch((error: unknown) => {
    if (signal.aborted && isAbort(error)) return undefined;
    throw error;
  });
  if (!figures) return;
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  const missing = shortcomings(figures);
  if (options.once && missing.length > 0) throw new Fault('refused', `the demo saw too little: ${missing.join(', ')}`);
}

async function show(options: DemoOptions, screen: Screen, signal: AbortSignal): Promise<Figures> {
  await using life = new Lifetime();
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-demo-'));
  life.defer(() => rm(folder, { recursive: true, force: true }));
  const alerts: Alerts = { mqtt: 0, webhook: 0 };
  const onAlert = (alert: ReceivedAlert) => {
    alerts[alert.via] += 1;
    screen.line(
      'ALERT',
      `${alert.label} by ${alert.topic ? `MQTT ${alert.topic}` : 'webhook'}: ${alert.explanation}`,
      'yellow',
    );
  };

  screen.line('scene', 'drawing a yard with a loading zone: a minute of video with sound …');
  const video = join(folder, 'yard.mp4');
  await renderScene(video, signal);
  const camera = life.use(await startRtspServer({ file: video, name: 'yard' }));
  const broker = life.use(await startBroker());
  life.use(await subscribe(broker.url, onAlert));
  const webhook = life.use(await startWebhookReceiver(onAlert));
  screen.line('camera', `${camera.url} · broker ${broker.url} · webhook ${webhook.url}`);

  const text = demoConfig({
    dataDir: join(folder, 'data'),
    camera: camera.url,
    broker: broker.url,
    webhook: webhook.url,
  });
  const firstKey = `sk-${randomBytes(18).toString('base64url')}`;
  const source = { text, env: process.env };
  const config = configOf(await readWritten(source), source, 'demo');
  const log = createLog(config.logLevel);
  const appliance = life.use(await runAppliance(config, { log, source, firstKey }, signal));
  screen.text(`\n  Page   ${appliance.url}/#key=${firstKey}\n  API    ${appliance.url}   key ${firstKey}\n`);

  const client = new ApplianceClient(appliance.url, firstKey);
  const recorded = await watch(client, screen, alerts, options.once ?? false, signal);
  const figures = await measure(client, recorded, alerts);
  screen.footer('');
  screen.line('done', summary(figures), 'green');
  return figures;
}

function summary({ segments, scenes, alerts, search, playback_seconds }: Figures): string {
  return (
    `${segments} segments, ${scenes} scenes, alerts: ${alerts.mqtt} by MQTT and ${alerts.webhook} by webhook, ` +
    `"${search.query}" finds ${search.hits}, ${playback_seconds} s can be played`
  );
}

function demoConfig(at: { dataDir: string; camera: string; broker: string; webhook: string }): string {
  const event = (prompt: string, label: string) => ({ prompt, label, callbackUrl: at.webhook });
  const settings = {
    name: 'demo',
    listen: '127.0.0.1:0',
    dataDir: at.dataDir,
    ...(process.env['LOG_LEVEL'] ? {} : { logLevel: 'silent' }),
    mqtt: { url: at.broker },
    cameras: [
      {
        name: 'yard',
        url: at.camera,
        zones: [{ name: 'loading zone', polygon: LOADING_ZONE }],
        indexes: [
          {
            name: 'yard',
            prompt: 'Describe people, vehicles and the light in the yard',
            seconds: 2,
            frames: 2,
            events: [
              event('someone enters the loading zone', 'loading-zone'),
              event('the lights go off', 'lights-off'),
              event('the camera is covered', 'covered'),
            ],
          },
        ],
      },
    ],
  };
  return JSON.stringify(settings);
}
