import { type Collection, connect, type RTStream, type RTStreamSceneIndex, type Video } from 'videodb';
import { Lifetime } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { startBroker } from '../e2e/support/broker.ts';
import { watchpost } from '../e2e/support/cli.ts';
import { freePort } from '../e2e/support/ports.ts';
import { type Exchange, startProxy } from '../e2e/support/recording-proxy.ts';
import { SPEECH_MODEL } from '../e2e/support/speech-model.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { talkingYard } from '../e2e/support/videos.ts';
import { startWebhook } from '../e2e/support/webhook.ts';
import { answerValidator } from '../support/openapi.ts';

export const PASSWORD = 'canary-password-of-the-camera';

/** A message of the WebSocket; the client leaves it untyped. */
export interface Message {
  channel: string;
  connection_id?: string;
  rtstream_id?: string;
  data: { text?: string; label?: string; start?: number; end?: number; timestamp?: number };
}

/** The box with a camera on which something passes and somebody talks, a client of it, and what the calls have made. */
export async function openWorld() {
  const life = new Lifetime();
  try {
    const camera = life.use(
      await startRtspServer({ file: await talkingYard(600), name: 'yard', user: 'viewer', password: PASSWORD }),
    );
    const broker = life.use(await startBroker());
    const webhook = life.use(await startWebhook({ refuse: 1 }));
    const dir = life.use(await tempDir());
    await watchpost(['models', 'import', SPEECH_MODEL, '--data-dir', dir.path]);
    const push = { rtmpPort: await freePort(), rtspPort: await freePort() };
    const appliance = life.use(
      await TestAppliance.start({
        dataDir: dir.path,
        config: { mqtt: { url: broker.url }, recording: { segmentSeconds: 4 }, ingest: { push } },
      }),
    );
    const document: unknown = await (await fetch(`${appliance.url}/v1/openapi.json`)).json();
    const validate = answerValidator(Object(document));
    const problems: string[] = [];
    const note = ({ method, url, status, answer }: Exchange) => problems.push(...validate(method, url, status, answer));
    const proxy = life.use(await startProxy(() => appliance.url, note));
    const connection = connect({ apiKey: appliance.key, baseUrl: proxy.url });
    const messages: Message[] = [];
    return {
      camera,
      broker,
      webhook,
      appliance,
      connection,
      url: proxy.url,
      /** What the WebSocket has brought. */
      messages,
      /** Where answers were not as they are documented. */
      problems,
      collection: slot<Collection>('call 2'),
      /** The WebSocket's connection id. */
      socketId: slot<string>('call 3'),
      stream: slot<RTStream>('call 4'),
      index: slot<RTStreamSceneIndex>('call 8'),
      eventId: slot<string>('call 10'),
      alertIds: slot<[told: string, silent: string]>('call 11'),
      video: slot<Video>('call 22'),
      life,
    };
  } catch (error) {
    await life[Symbol.asyncDispose]();
    throw error;
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** One of the acceptance calls. */
export interface Call {
  n: number;
  what: string;
  /** What of it needs a later version. */
  pending?: string;
  /** Absent when all of it is pending. */
  run?: (world: World) => Promise<void>;
}

/** A value that one call makes and later ones need. */
function slot<T>(maker: string): { set(value: T): T; get(): T } {
  let held: { value: T } | undefined;
  return {
    set: (value) => {
      held = { value };
      return value;
    },
    get: () => {
      if (!held) throw new Error(`${maker} has not made it`);
      return held.value;
    },
  };
}
