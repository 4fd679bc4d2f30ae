import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFault } from '#runtime';
import { readCameraCommand, readGroupCommand, readRuleCommand } from '../../src/delivery/mqtt-commands.ts';

const camera = (text: string) => readCameraCommand(Buffer.from(text));
const group = (text: string) => readGroupCommand(Buffer.from(text));
const rule = (text: string) => readRuleCommand(Buffer.from(text));

it('reads words and JSON', () => {
  expect([camera('snapshot'), camera(' SNAPSHOT\n'), camera('{"snapshot": true}')]).toEqual(
    Array.from({ length: 3 }, () => 'snapshot'),
  );
  expect([rule('arm'), rule('Disarm'), rule('{"armed": false}')]).toEqual([
    { armed: true },
    { armed: false },
    { armed: false },
  ]);
  for (const text of ['ON', 'on', 'arm', '{"armed": true}']) expect(group(text)).toEqual({ armed: true });
  for (const text of ['OFF', 'disarm', '{"armed": false}']) expect(group(text)).toEqual({ armed: false });
  expect([rule('{"snooze_minutes": 30}'), rule('{"snooze_minutes": 0}')]).toEqual([
    { snoozeMinutes: 30 },
    { snoozeMinutes: 0 },
  ]);
});

it.each([
  'off',
  '{"snooze_minutes": -1}',
  '{"snooze_minutes": 1e9}',
  '{"armed": "yes"}',
  '{"armed": true, "snooze_minutes": 5}',
])('says what an alert takes instead of %s', (text) => {
  expect(() => rule(text)).toThrow(
    expect.objectContaining({ kind: 'invalid', message: expect.stringContaining('snooze') }),
  );
});

it('says what is wrong with everything else, and throws nothing but that', () => {
  const wrong = (read: () => unknown): boolean => {
    try {
      return read() !== undefined;
    } catch (error) {
      return isFault(error, 'invalid');
    }
  };
  const any = fc.oneof(fc.string(), fc.json(), fc.string({ minLength: 1100 }));
  fc.assert(fc.property(any, (text) => wrong(() => camera(text)) && wrong(() => rule(text))));
});
