/**
 * The 25 acceptance calls of VideoDB's API, in order, by VideoDB's own npm package against the running appliance and a
 * real camera. Every answer is checked against the API's own description.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { captureCall } from './capture-call.ts';
import { liveCalls } from './live-calls.ts';
import { videoCalls } from './video-calls.ts';
import { type Call, openWorld, type World } from './world.ts';

const calls = [...liveCalls, ...videoCalls, captureCall];
const outcomes = new Map<number, string>();
let world: World | undefined;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world?.life[Symbol.asyncDispose]();
  console.info(table(calls));
});

describe("VideoDB's acceptance calls", () => {
  for (const { n, what, run } of calls.filter((call) => call.run)) {
    it(`${n} ${what}`, async () => {
      onTestFinished(({ task }) => void outcomes.set(n, task.result?.state ?? 'unknown'));
      await run?.(demand(world));
      expect(world?.problems.splice(0)).toEqual([]);
    });
  }
});

function demand(opened: World | undefined): World {
  if (!opened) throw new Error('the appliance did not start');
  return opened;
}

function table(rows: readonly Call[]): string {
  const lines = rows.map(({ n, what, pending }) => {
    const outcome = outcomes.get(n) ?? 'pending';
    const later = pending ? `  (pending: ${pending})` : '';
    return `${String(n).padStart(4)}  ${outcome.padEnd(7)}  ${what}${later}`;
  });
  return ['', 'call  outcome  what', ...lines, ''].join('\n');
}
