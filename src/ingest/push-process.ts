/**
 * The process that takes publishers in and lets the box read what they send. It ends when its parent does; all that it
 * knows, it is told anew when it starts again.
 */
import { House, type HouseEvents } from './house.ts';
import type { Said, Told } from './messages.ts';
import { type RtmpPublisher, RtmpSession } from './rtmp-session.ts';
import { type RtspPublisher, RtspSession } from './rtsp-session.ts';

function say(said: Said): void {
  process.send?.(said);
}

const events: HouseEvents = {
  publishing: (id, publishing) => say({ kind: 'publishing', id, publishing }),
  note: (text, facts) => say({ kind: 'note', text, facts }),
  door: (protocol, problem) => say({ kind: 'door', protocol, ...(problem === undefined ? {} : { problem }) }),
};

async function begin({ host, ports, readKey }: Extract<Told, { kind: 'begin' }>): Promise<void> {
  const rtmp = new House<RtmpPublisher>('rtmp', { host, port: ports.rtmp }, (...of) => new RtmpSession(...of), events);
  const rtsp = new House<RtspPublisher>('rtsp', { host, port: ports.rtsp }, (...of) => new RtspSession(...of), events);
  const readPorts = { rtmp: await rtmp.openInside(readKey), rtsp: await rtsp.openInside(readKey) };
  process.on('message', (told: Told) => {
    if (told.kind === 'ping') say({ kind: 'pong' });
    if (told.kind !== 'streams') return;
    const ids = told.streams.map(({ id }) => id);
    void Promise.all([rtmp.setStreams(told.streams), rtsp.setStreams(told.streams)]).then(() =>
      say({ kind: 'admits', ids }),
    );
  });
  say({ kind: 'ready', readPorts });
}

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when we end.
process.on('SIGINT', () => undefined);
process.once('message', (told: Told) => {
  if (told.kind === 'begin') begin(told).catch(() => process.exit(1));
});
