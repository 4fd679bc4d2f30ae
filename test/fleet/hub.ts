import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { hashKey, type ParcelHead } from '#domain';
import { Fleet, type FleetDeps } from '#fleet';
import { Store } from '#store';
import { quiet, standingClock } from '../store/fixture.ts';
import type { Shipment } from './parcels.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Goes with the test. */
export async function aHub({ reservePercent = 0 } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'wp-fleet-'));
  const clock = standingClock();
  const store = await Store.open(dir, { clock, log: quiet });
  for (const name of ['media', 'thumbs']) mkdirSync(join(dir, name));
  const deps: FleetDeps = {
    store,
    mediaDir: join(dir, 'media'),
    thumbsDir: join(dir, 'thumbs'),
    incomingDir: join(dir, 'incoming'),
    reservePercent: () => reservePercent,
    deliveriesOf: (name, label) => [{ channel: 'mqtt', target: `${name}/${label}` }],
    clock,
  };
  const fleet = await Fleet.start(deps);
  const close = async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  };
  open.push(close);
  const key = (name: string) => store.keys.add(hashKey(name), name, ['edge']);
  return { dir, clock, store, fleet, deps, key };
}
export type Hub = Awaited<ReturnType<typeof aHub>>;

export async function* chunks(bytes: Buffer, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

/** What is wanted of it. */
export async function sendAll(
  { fleet }: { fleet: Pick<Fleet, 'take' | 'append'> },
  keyId: number,
  { heads, bodies }: Pick<Shipment, 'heads' | 'bodies'>,
) {
  for (const head of heads) {
    const taken = await fleet.take(keyId, head);
    if (taken.state === 'stored') continue;
    const body = bodies.get(head.key) ?? Buffer.alloc(0);
    expect(await fleet.append(keyId, taken.id, taken.offset, chunks(body.subarray(taken.offset)))).toEqual({
      state: 'stored',
    });
  }
}

/** The first of its kind. */
export function only<Kind extends ParcelHead['kind']>({ heads }: Shipment, kind: Kind): ParcelHead & { kind: Kind } {
  const found = heads.find((head): head is ParcelHead & { kind: Kind } => head.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return found;
}
