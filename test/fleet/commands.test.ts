/** What a hub believes of a box that it commands, and what it keeps of commands. */
import { expect, it } from 'vitest';
import { type Command, type CommandAnswer, LinkSeal } from '#domain';
import { BoxCommands } from '#fleet';
import { openStore, standingClock } from '../store/fixture.ts';
import { aReport } from './parcels.ts';

const BOX = 'box-a';
const ASKED = { by: 'key "x"', scopes: ['all' as const], method: 'GET', path: '/v1/status' };

/** A hub with a connection of the box's, which answers as it is told. */
async function commanded(answerTo: (command: Command) => CommandAnswer) {
  const clock = standingClock();
  const at = await openStore(clock);
  const keyId = at.store.keys.add('hash', 'edge', ['edge']);
  at.store.boxes.hello(aReport(BOX), keyId);
  const commands = new BoxCommands({ store: at.store, clock });
  const closed: string[] = [];
  const heard: Command[] = [];
  let seal: LinkSeal | undefined;
  const socket = {
    send: (text: string) => {
      if (!seal) {
        const { nonce } = JSON.parse(text) as { nonce: string };
        seal = new LinkSeal('box', { tokenHash: 'hash', boxId: BOX, boxNonce: 'n', hubNonce: nonce });
        return;
      }
      const message = seal.open(text);
      if (message?.type !== 'command') return;
      heard.push(message.command);
      seat.message(seal.seal({ type: 'answer', answer: answerTo(message.command) }));
    },
    close: (_code: number, reason: string) => void closed.push(reason),
  };
  const seat = commands.accept(socket, { hash: 'hash', hello: () => at.store.boxes.hello(aReport(BOX), keyId) });
  const greet = () => seat.message(JSON.stringify({ nonce: 'n', report: {}, uptimeMs: 1 }));
  return { ...at, clock, commands, greet, closed, heard, [Symbol.asyncDispose]: () => at[Symbol.asyncDispose]() };
}

const fine = ({ id }: Command): CommandAnswer => ({ id, status: 200, headers: {}, body: '' });

it('an answer says only what it may in the hub’s name', async () => {
  const headers = { 'content-type': 'text/plain', 'set-cookie': 'watchpost-1=x', 'retry-after': '1\r\nset-cookie: y' };
  await using hub = await commanded(({ id }) => ({ id, status: 200, headers, body: '' }));
  hub.greet();
  const answer = await hub.commands.ask(BOX, ASKED);
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain' } });
  expect(Object.keys('headers' in answer ? answer.headers : {})).toEqual(['content-type']);
});

it.each([{ status: 99 }, { status: 1000 }, { headers: null }, { body: 1 }, { id: 2 }])(
  'what is no answer ends the connection: %j',
  async (wrong) => {
    // A box may send anything.
    await using hub = await commanded((command) => ({ ...fine(command), ...wrong }) as CommandAnswer);
    hub.greet();
    const asked = hub.commands.ask(BOX, ASKED).catch((error: Error) => error.message);
    expect(hub.closed).toEqual(['answer: is not whole']);
    hub.commands[Symbol.dispose]();
    expect(await asked).toContain('did not answer');
  },
);

it('what waited goes in order, the next when one is answered', async () => {
  await using hub = await commanded(fine);
  const paths = Array.from({ length: 40 }, (_, n) => `/v1/status?n=${n}`);
  for (const path of paths) await hub.commands.ask(BOX, { ...ASKED, path }, 60_000);
  hub.greet();
  expect(hub.heard.length).toBe(1);
  await expect.poll(() => hub.heard.map(({ path }) => path), { timeout: 20_000 }).toEqual(paths);
  expect(hub.store.commands.waiting(BOX)).toEqual([]);
});

it('keeps what came of the last hundred, and all that wait', async () => {
  await using hub = await commanded(fine);
  const errand = (id: string) => ({ id, ...ASKED });
  for (let n = 0; n < 150; n++) {
    hub.clock.now += 1;
    hub.store.commands.wait(BOX, errand(`cmd-${n}`), 86_400_000);
    if (n >= 10) hub.store.commands.answered({ id: `cmd-${n}`, status: 200, headers: {}, body: '' });
  }
  hub.store.commands.wait(BOX, errand('cmd-last'), 1000);
  const kept = Array.from({ length: 150 }, (_, n) => n).filter((n) => hub.store.commands.get(BOX, `cmd-${n}`));
  expect(kept).toEqual([...Array(10).keys(), ...Array.from({ length: 100 }, (_, n) => n + 50)]);
});

it('what waits is not done any more when the key that asked for it was revoked', async () => {
  await using hub = await commanded(fine);
  const keyIds = ['a', 'b'].map((name) => hub.store.keys.add(name, name));
  for (const keyId of keyIds) await hub.commands.ask(BOX, { ...ASKED, keyId, path: `/v1/status?n=${keyId}` }, 60_000);
  hub.store.keys.revoke(keyIds[0] ?? 0);
  hub.greet();
  await expect.poll(() => hub.store.commands.waiting(BOX), { timeout: 20_000 }).toHaveLength(1);
  expect(hub.heard.map(({ path }) => path)).toEqual([`/v1/status?n=${keyIds[1]}`]);
  expect(hub.heard[0]).not.toHaveProperty('keyId');
});
