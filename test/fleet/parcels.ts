import { Readable } from 'node:stream';
import { type BoxReport, type Firing, newId, type ParcelHead, type Stream } from '#domain';
import type { ParcelBody } from '../../src/sync/target.ts';
import { aFiring, anAlert, anEvent, anIndex, aScene, aStream, NOON } from '../store/fixture.ts';

/** What a box with one camera sends of some minutes: each kind, with its bytes by key. */
export interface Shipment {
  report: BoxReport;
  stream: Stream;
  heads: ParcelHead[];
  bodies: Map<string, Buffer>;
}

export const aReport = (boxId: string, overrides: Partial<BoxReport> = {}): BoxReport => ({
  boxId,
  name: 'Barn',
  version: '0.1.0',
  clockMs: NOON,
  startedMs: NOON - 1000,
  cameras: [],
  waiting: [],
  notes: [],
  ...overrides,
});

export function bodyOf(bytes: Buffer, mediaType: ParcelBody['mediaType']): ParcelBody {
  return { bytes: bytes.byteLength, mediaType, open: (from = 0) => Readable.from([bytes.subarray(from)]) };
}

export function aShipment(
  boxId = newId('box'),
  overrides: Partial<Stream> = {},
  jpeg: Buffer = Buffer.alloc(20_000, 7),
): Shipment {
  const stream = aStream({ name: 'Yard', ...overrides });
  const { id, name, mediaTypes, zones, createdMs } = stream;
  const facts = { id, name, mediaTypes, zones, createdMs };
  const index = anIndex(id);
  const event = anEvent();
  const { callbackUrl: _secret, ...alert } = anAlert(index, event);
  const scene = (n: number, more = {}) => ({
    ...aScene(index, {
      startMs: NOON + n * 10_000,
      endMs: NOON + n * 10_000 + 5000,
      text: `a red tractor no ${n}`,
      ...more,
    }),
    id: n,
  });
  const firing: Firing = aFiring(alert, NOON + 20_000, { sceneId: 2 });
  const verdict = { confirmed: true, text: 'A tractor.', by: 'teller', atMs: NOON + 60_000 };
  const told = { payload: {}, alert, event, index, stream: facts, scene: scene(2) };
  const session = { id: newId('session'), startedMs: NOON, codecs: 'avc1.640028', width: 640, height: 360 };
  const bodies = new Map<string, Buffer>();
  const span = { streamId: id, startMs: NOON, endMs: NOON + 30_000 };
  const key = (kind: string, ref: string) => `${boxId}/${kind}/${ref}`;
  const withBody = (head: ParcelHead, bytes: Buffer, mediaType: ParcelBody['mediaType']): ParcelHead => {
    bodies.set(head.key, bytes);
    return { ...head, body: { bytes: bytes.byteLength, mediaType } };
  };
  const transcript = { id: 1, streamId: id, startMs: NOON, endMs: NOON + 3000, text: 'the gate is open', words: [] };
  const records = (ref: string, scenes: ReturnType<typeof scene>[]): ParcelHead => ({
    ...span,
    kind: 'records',
    key: key('records', ref),
    facts: { streams: [facts], indexes: [index], scenes, transcripts: [transcript] },
  });
  const segment = (n: number) => {
    const startMs = NOON + n * 4000;
    const head: ParcelHead = {
      ...span,
      kind: 'segment',
      key: key('segment', `${session.id}/${startMs}`),
      facts: {
        stream: facts,
        segment: { startMs, endMs: startMs + 4000 },
        session,
        init: Buffer.from('an init file').toString('base64'),
      },
    };
    return withBody(head, Buffer.alloc(300_000, n + 1), 'video/iso.segment');
  };
  const alertHead = (ref: string, more: Partial<Firing>): ParcelHead => ({
    ...span,
    kind: 'alert',
    key: key('alert', ref),
    facts: { ...told, firing: { ...firing, ...more } },
  });
  const picture: ParcelHead = {
    ...span,
    kind: 'picture',
    key: key('picture', '2'),
    facts: { scene: scene(2), index, stream: facts, firingId: firing.id },
  };
  const heads = [
    alertHead(firing.id, {}),
    alertHead(`${firing.id}/verdict`, { verdict }),
    withBody(picture, jpeg, 'image/jpeg'),
    records('1-3', [scene(1), scene(2), scene(3)]),
    segment(0),
    segment(1),
  ];
  return { report: aReport(boxId, { cameras: [{ id, name, phase: 'recording' }] }), stream, heads, bodies };
}
