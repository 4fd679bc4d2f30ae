/** Whatever client, deadline and box want of a session, in whatever order: each status once, each told once, in order. */
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { CAPTURE_STATUSES, type CaptureStatus, mayFollow, newId } from '#domain';
import { openStore } from '../store/fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

const wish = fc.record({ session: fc.nat({ max: 2 }), to: fc.constantFrom(...CAPTURE_STATUSES) });
/** `took`: the receiver takes what is due; else it refuses. */
const deed = fc.oneof({ weight: 3, arbitrary: wish }, { weight: 2, arbitrary: fc.record({ took: fc.boolean() }) });

it('a session is what its events say, and its receiver hears of all of them in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 40 }), async (deeds) => {
      await using open = await openStore();
      const { captures, journal } = open.store;
      const ids = [0, 1, 2].map((n) => {
        const draft = {
          id: newId('capture'),
          collectionId: 'default',
          endUserId: 'u',
          metadata: {},
          grants: [],
          createdMs: n,
        };
        return captures.create({ ...draft, ...(n === 2 ? {} : { callbackUrl: 'http://127.0.0.1:9/' }) }).id;
      });
      const ways = new Map<string, CaptureStatus[]>(ids.map((id) => [id, ['created']]));
      const heard = new Map<string, CaptureStatus[]>(ids.map((id) => [id, []]));
      const deliver = (took: boolean) => {
        for (const { event } of captures.events.due(Number.MAX_SAFE_INTEGER / 2)) {
          if (took) heard.get(event.sessionId)?.push(event.status);
          if (took) captures.events.told(event.id);
          else captures.events.failed(event.id, 'away', 0);
        }
      };
      for (const one of deeds) {
        if ('took' in one) {
          deliver(one.took);
          continue;
        }
        const id = ids[one.session] ?? '';
        const way = ways.get(id) ?? [];
        const follows = mayFollow(way.at(-1) ?? 'created', one.to);
        expect(captures.advance(id, one.to)).toBe(follows);
        if (follows) way.push(one.to);
      }
      for (let n = 0; n < CAPTURE_STATUSES.length; n += 1) deliver(true);
      const events = journal.after(0, 1000, ['capture']).map(({ ref }) => captures.events.get(Number(ref)));
      for (const [n, id] of ids.entries()) {
        const way = ways.get(id) ?? [];
        expect(events.flatMap((event) => (event?.sessionId === id ? [event.status] : []))).toEqual(way);
        expect(captures.get(id)?.status).toBe(way.at(-1));
        expect(heard.get(id)).toEqual(n === 2 ? [] : way);
      }
      expect(captures.events.nextDueMs(0)).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});
