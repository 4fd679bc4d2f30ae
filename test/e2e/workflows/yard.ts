import { type Connection, connect } from 'videodb';
import { Lifetime } from '#runtime';
import { startRtspServer } from '../../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../support/appliance.ts';
import { talkingYard } from '../support/videos.ts';

export const SEGMENT_SECONDS = 2;

/** A camera in whose yard something moves and someone talks, an appliance, and VideoDB's own client of it. */
export interface Yard extends AsyncDisposable {
  cameraUrl: string;
  appliance: TestAppliance;
  conn: Connection;
}

export async function startYard(): Promise<Yard> {
  const life = new Lifetime();
  try {
    const camera = life.use(await startRtspServer({ file: await talkingYard(120), name: 'yard' }));
    const config = { recording: { segmentSeconds: SEGMENT_SECONDS } };
    const appliance = life.use(await TestAppliance.start({ config }));
    const conn = connect({ apiKey: appliance.key, baseUrl: appliance.url });
    return { cameraUrl: camera.url, appliance, conn, [Symbol.asyncDispose]: () => life[Symbol.asyncDispose]() };
  } catch (error) {
    await life[Symbol.asyncDispose]();
    throw error;
  }
}
