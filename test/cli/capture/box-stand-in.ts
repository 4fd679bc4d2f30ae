import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { SessionState } from '../../../src/cli/capture/session.ts';

/** The routes of a box that a capture client asks, with a session that the test moves on. */
export interface BoxStandIn extends AsyncDisposable {
  url: string;
  /** Method and path of each request, but for those that ask how the session is. */
  asked: string[];
  started: { session_id?: string; channels?: object[]; primary_video_channel_id?: string };
  state: SessionState;
  /** Refuses what it is asked, by its path's end. */
  refuse: Map<string, { status: number; message: string }>;
}

export async function boxStandIn(rtspUrl: string): Promise<BoxStandIn> {
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    if (method === 'POST') box.asked.push(`${method} ${url}`);
    const refusal = [...box.refuse].find(([end]) => url.endsWith(end))?.[1];
    const body = method === 'POST' ? await json(request).catch(() => ({})) : {};
    if (!refusal && url.endsWith('/start')) {
      box.started = body as BoxStandIn['started']; // What the client sends is what the test looks at.
      const channels = box.started.channels as { channel_id: string }[];
      box.state = {
        ...box.state,
        status: 'starting',
        channels: channels.map((one) => ({ ...one, rtsp_url: rtspUrl })),
      };
    }
    if (!refusal && url.endsWith('/stop') && !['stopped', 'failed'].includes(box.state.status))
      box.state = { ...box.state, status: 'exported', exported_video_id: 'm-1' };
    const answer = refusal
      ? { success: false, message: refusal.message }
      : { success: true, message: '', data: url.includes('collection') ? { session_id: 'cap-1' } : box.state };
    response.writeHead(refusal?.status ?? 200).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  const box: BoxStandIn = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    started: {},
    state: { session_id: 'cap-1', status: 'created' },
    refuse: new Map(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return box;
}
