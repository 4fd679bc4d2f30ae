import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fault } from '#runtime';
import { type Line, type Parcel, type Sync, type Target, TargetBusy } from '#sync';
import { hastyClock } from '../delivery/fixture.ts';
import { aTarget, at, FakeTarget, openBox, SEGMENT_BYTES, soon } from './fixture.ts';

const FATES = ['taken', 'away', 'busy', 'answer lost', 'half', 'hangs', 'ignores the end'] as const;
type Fate = (typeof FATES)[number];

/** Does with each offer what fate wants, and takes everything when there is none left. */
class Capricious extends FakeTarget implements Target {
  readonly half = new Map<string, number>();
  readonly content = new Map<string, string>();
  readonly broken: string[] = [];
  fates: Fate[];

  constructor(fates: readonly Fate[]) {
    super();
    this.fates = [...fates];
    this.behave = (parcel, line, signal) => this.#live(parcel, line, signal);
  }

  override async send(parcel: Parcel, line: Line, signal: AbortSignal): Promise<void> {
    const fate = this.fates.shift();
    this.fates.unshift(...(fate ? [fate] : []));
    await super.send(parcel, line, signal);
    if (this.fates.shift() === 'answer lost') throw new Error('the connection was reset');
  }

  async #live(parcel: Parcel, line: Line, signal: AbortSignal): Promise<void> {
    this.#compare(parcel, line);
    const [fate] = this.fates;
    if (fate === undefined || fate === 'taken' || fate === 'answer lost') return;
    this.fates.shift();
    if (fate === 'away') throw new Fault('unavailable', 'nobody is there');
    if (fate === 'busy') throw new TargetBusy('too much to do', 100);
    if (fate === 'half') {
      this.half.set(parcel.key, SEGMENT_BYTES / 2);
      line.progressed(SEGMENT_BYTES / 2, { offset: SEGMENT_BYTES / 2 });
      throw new Error('the connection was reset');
    }
    if (fate === 'hangs')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await pause(200); // Longer than it is given to end.
    throw new Error('it ended at last');
  }

  /** What has one key is one thing, and what was told of it is known again. */
  #compare(parcel: Parcel, { resumed }: Line): void {
    const content = JSON.stringify(
      parcel.kind === 'records' ? parcel.facts.scenes.map(({ id }) => id) : [parcel.startMs, parcel.body?.bytes],
    );
    if ((this.content.get(parcel.key) ?? content) !== content) this.broken.push(`${parcel.key} is two things`);
    this.content.set(parcel.key, content);
    const half = this.half.get(parcel.key);
    if (resumed?.['offset'] !== half)
      this.broken.push(`${parcel.key} resumed at ${String(resumed?.['offset'])}, not ${half}`);
  }
}

const actions = fc.array(fc.constantFrom('record', 'see', 'fire', 'restart', 'now', 'pause'), {
  minLength: 3,
  maxLength: 14,
});
const fates = fc.array(fc.constantFrom(...FATES), { maxLength: 12 });

it('whatever the target does and however often it is begun anew, everything gets there, and each thing is one', async () => {
  await fc.assert(
    fc.asyncProperty(actions, fates, async (todo, fate) => {
      await using box = await openBox({ clock: hastyClock(3000) });
      const target = new Capricious(fate);
      const config = aTarget('send: { segments: all, pictures: never }');
      const expected = { firings: new Set<string>(), scenes: new Set<number>(), segments: new Set<number>() };
      let sync: Sync = await box.start(target, config);
      for (const [n, action] of todo.entries()) {
        if (action === 'record') for (const { startMs } of await box.record(2, 10 * n)) expected.segments.add(startMs);
        if (action === 'see') expected.scenes.add(await box.see(10 * n, false));
        if (action === 'fire') expected.firings.add(box.fire(10 * n));
        if (action === 'now') sync.now();
        if (action === 'pause') sync.pause(undefined, 'me');
        if (action === 'restart') {
          await sync[Symbol.asyncDispose]();
          sync = await box.start(target, config);
        }
        await pause(n % 3);
      }
      sync.resume();
      await soon(() => {
        const parcels = [...target.have.values()].map(({ parcel }) => parcel);
        const scenes = parcels.flatMap((one) => (one.kind === 'records' ? one.facts.scenes.map(({ id }) => id) : []));
        const segments = parcels.flatMap((one) => (one.kind === 'segment' ? [one.startMs] : []));
        const firings = parcels.flatMap((one) => (one.kind === 'alert' ? [one.facts.firing.id] : []));
        expect(new Set(scenes)).toEqual(expected.scenes);
        expect(new Set(segments)).toEqual(expected.segments);
        expect(new Set(firings)).toEqual(expected.firings);
      });
      expect(target.broken).toEqual([]);
      await soon(() => expect(sync.status()[0]).toMatchObject({ waiting: [], lost: 0, givenUp: 0, dropped: 0 }));
      await sync[Symbol.asyncDispose]();
    }),
    { numRuns: 12, timeout: 60_000 },
  );
}, 120_000);

it('an alert never waits for the end of an upload', async () => {
  await using box = await openBox();
  const target = new FakeTarget();
  let end: () => void = () => undefined;
  target.behave = ({ kind }) => (kind === 'segment' ? new Promise((resolve) => (end = resolve)) : Promise.resolve());
  await using _sync = await box.start(target, aTarget('send: { segments: all }'));
  await box.record(3);
  await soon(() => expect(target.offered).toHaveLength(1));
  box.fire(0);
  await soon(() => expect(target.kinds).toEqual(['alert']));
  end();
});

it('what the target chokes on is set aside, and the others go', async () => {
  await using box = await openBox({ clock: hastyClock(300) });
  const target = new FakeTarget();
  target.behave = async ({ startMs }) => {
    if (startMs === at(0) || startMs === at(100)) throw new Error('500');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all }'));
  await box.record(1);
  await box.record(1, 100); // Another stretch, and there is a third.
  await box.record(1, 150);
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 1, waiting: [{ kind: 'segment' }] }));
  for (let n = 0; n < 30; n++) await box.record(1, 200 + 100 * n);
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 31 }));
  expect(target.offered.filter((key) => key.endsWith(`/${at(0)}`)).length).toBeLessThan(31);
});

it('what fails again and again while others go is given up, an alert never', async () => {
  await using box = await openBox({ clock: hastyClock(10) });
  const target = new FakeTarget();
  target.behave = async ({ startMs }) => {
    if (startMs <= at(0)) throw new Error('500');
  };
  await using sync = await box.start(target, aTarget('send: { segments: all, clips: false }'));
  sync.pause(undefined, 'me');
  const { outbox } = box.store;
  box.fire(0);
  await box.record(1);
  await box.record(1, 100);
  await soon(() => expect(outbox.get(3)).toBeDefined());
  for (const id of [1, 2]) for (let n = 0; n < 11; n++) outbox.setAside(id, 0);
  sync.resume();
  await soon(() => expect(sync.status()[0]).toMatchObject({ sent: 1, givenUp: 1, refusal: 'segment: 500' }));
  expect(sync.status()[0]?.waiting).toMatchObject([{ kind: 'alert', items: 1 }]);
});
