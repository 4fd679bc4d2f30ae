import { describe, expect, it, vi } from 'vitest';
import type { Rule } from '#domain';
import { compileRule } from '#events';
import { isFault } from '#runtime';

vi.setConfig({ testTimeout: 60_000 });

const ZONES = ['loading', 'front door', 'driveway', 'Gate 3'];

/** "person enters @loading 30s >3": subject, relation, zone, duration, count. */
function shorthand(rule: Rule): string {
  const { subject, relation, zone, forMs, count } = rule;
  const what =
    subject.kind === 'object'
      ? subject.labels.join('+')
      : subject.kind === 'light'
        ? `light-${subject.change}`
        : subject.kind === 'tamper'
          ? subject.tampers.join('+')
          : subject.kind;
  return [
    what,
    relation,
    ...(zone === undefined ? [] : [`@${zone}`]),
    ...(forMs === undefined ? [] : [`${forMs / 1000}s`]),
    ...(count ? [`${count.op}${count.value}`] : []),
  ].join(' ');
}

const UNDERSTOOD: readonly (readonly [prompt: string, rule: string])[] = [
  ['someone enters the loading zone', 'person enters @loading'],
  ['alert me when a person enters the loading area', 'person enters @loading'],
  ['Notify me if anybody walks into the Loading Zone!', 'person enters @loading'],
  ['somebody comes to the front door', 'person enters @front door'],
  ['the loading zone is entered by a person', 'person enters @loading'],
  ['a car drives into the drive way', 'car enters @driveway'],
  ['when any vehicle approaches the driveway', 'car+truck+bus+motorcycle approaches @driveway'],
  ['a truck arrives at gate 3', 'truck enters @Gate 3'],
  ['trespassing in the driveway', 'person enters @driveway'],
  ['an intruder in the driveway', 'person present @driveway'],
  ['someone walks in', 'person enters'],
  ['a person runs into the driveway', 'person enters @driveway'],
  ['a person walks into the doorway', 'person enters @doorway'],
  ['a person is in the room', 'person present'],
  ['a person', 'person present'],
  ['detect people', 'person present'],
  ['a dog', 'dog present'],
  ['there is a cat in the picture', 'cat present'],
  ["notify me if there's a cat in the frame", 'cat present'],
  ['person detected in loading zone', 'person present @loading'],
  ['someone walks in the driveway', 'person present @driveway'],
  ['someone is standing near the front door', 'person present @front door'],
  ['is anyone at the frnot door', 'person present @front door'],
  ['a car or a truck is in the driveway', 'car+truck present @driveway'],
  ['cars and trucks in the driveway', 'car+truck present @driveway'],
  ['an animal is in the driveway', 'dog+cat+bird+horse+sheep+cow+bear+elephant+zebra+giraffe present @driveway'],
  ['a traffic light', 'traffic light present'],
  ['someone is outside', 'person present'],
  ['at least one person is present', 'person present'],
  ['dog appears', 'dog appears'],
  ['please let me know when a cat shows up in the driveway', 'cat appears @driveway'],
  ['tell me as soon as somebody comes into the picture', 'person appears'],
  ['anyone leaves the gate', 'person leaves @Gate 3'],
  ['a person leaves the picture', 'person leaves'],
  ['the person disappears', 'person leaves'],
  ['a truck drives away', 'truck leaves'],
  ['the dog goes out of the driveway', 'dog leaves @driveway'],
  ['a car stays more than 30 seconds', 'car stays 30s'],
  ['a vehicle is parked in the driveway for 5 minutes', 'car+truck+bus+motorcycle stays @driveway 300s'],
  ['a person stays for 1 minute and 30 seconds', 'person stays 90s'],
  ['30s car in driveway', 'car stays @driveway 30s'],
  ['A person is standing at the front door for more than ten seconds', 'person stays @front door 10s'],
  ['people in the loading zone stay longer than a minute', 'person stays @loading 60s'],
  ['someone loiters near the front door', 'person stays @front door 60s'],
  ['loitering', 'person stays 60s'],
  ['a suitcase is left behind', 'suitcase stays 60s'],
  ['luggage left unattended for 2 min', 'suitcase+backpack+handbag stays 120s'],
  ["a car hasn't moved for half an hour", 'car stays 1800s'],
  ['a person is in the room for 2 h', 'person stays 7200s'],
  ['no one is at the desk for 10 minutes', 'person absent @desk 600s'],
  ["there isn't anyone at the front door for twenty five minutes", 'person absent @front door 1500s'],
  ["nobody's at the front door", 'person absent @front door'],
  ['the desk is unattended for 5 minutes', 'person absent @desk 300s'],
  ['the room is empty for 15 min', 'person absent 900s'],
  ['someone leaves the front door for 10 minutes', 'person absent @front door 600s'],
  ['there is no dog in the room', 'dog absent'],
  ['more than 3 people', 'person count >3'],
  ['>3 people', 'person count >3'],
  ['at least two dogs', 'dog count >=2'],
  ['two or more people in the driveway', 'person count @driveway >=2'],
  ['2 trucks are parked in the loading zone', 'truck count @loading 60s >=2'],
  ['3+ people in the loading zone for a minute', 'person count @loading 60s >=3'],
  ['exactly one person is in the room', 'person count ==1'],
  ['fewer than 2 people at the front door', 'person count @front door <2'],
  ['no more than three persons', 'person count <=3'],
  ['alert when people > 4', 'person count >4'],
  ['a crowd', 'person count >=5'],
  ['motion', 'motion present'],
  ['motion in the yard', 'motion present @yard'],
  ['loading zone motion', 'motion present @loading'],
  ['detect movement at the front door', 'motion present @front door'],
  ['something moves', 'motion present'],
  ['something enters the driveway', 'motion enters @driveway'],
  ['nothing moves for 10 minutes', 'motion absent 600s'],
  ['no motion for an hour', 'motion absent 3600s'],
  ['the lights go off', 'light-off appears'],
  ['the lights turn on', 'light-on appears'],
  ['lights out', 'light-off appears'],
  ['someone turns on the lights', 'light-on appears'],
  ['it gets dark', 'light-off appears'],
  ['it becomes bright', 'light-on appears'],
  ['the camera is covered', 'covered appears'],
  ['somebody blocks the lens', 'covered appears'],
  ['the view of the camera is obstructed', 'covered appears'],
  ['the camera is blurred', 'blurred appears'],
  ['the picture is out of focus', 'blurred appears'],
  ['the camera has been moved', 'moved appears'],
  ['the camera is turned away', 'moved appears'],
  ['someone tampers with the camera', 'covered+blurred+moved appears'],
  ['the camera is covered, blurred or moved', 'covered+blurred+moved appears'],
  ['camera is covered for 20 seconds', 'covered stays 20s'],
];

const REFUSED: readonly (readonly [prompt: string, words: string])[] = [
  ['', 'what to look for'],
  ['the', 'what to look for'],
  ['enters the loading zone', 'what to look for'],
  ['hello world', '"hello", "world"'],
  ['User opened Slack application', '"opened", "slack"'],
  ['someone wearing a hat', '"wearing", "hat"'],
  ['a person after 25:00', 'no 25:00'],
  ['a person at night and in the morning', 'several times'],
  ['a car is there and not there', 'contrary'],
  ['more than 3 and fewer than 2 people', 'two numbers'],
  ['between 2 and 4 people', 'range of numbers'],
  ['something red moves', '"red"'],
  ['a red and a blue car', '"red", "blue"'],
  ['a car is on fire', '"fire"'],
  ['a person is running', '"running"'],
  ['a person falls', '"falls"'],
  ['someone takes a bag in the lobby', '"takes"'],
  ['something leaves the driveway', 'must be named'],
  ['two people leave the driveway', 'a number'],
  ['a person goes from the driveway to the front door', 'several places'],
  ['the lights are off for an hour', 'the moment'],
  ['a car stays for less than 30 seconds', '"fewer"'],
  ['постучали в дверь', '"постучали"'],
  ['x'.repeat(501), 'longer than 500'],
];

describe('compileRule', () => {
  it.each(UNDERSTOOD)('understands "%s"', (prompt, expected) => {
    const rule = compileRule(prompt, { zones: ZONES });
    expect(shorthand(rule)).toBe(expected);
    expect(rule.understood).toMatch(/^Fires when [^\n]+[^.]\.$/);
    expect(rule.needs).toEqual(rule.subject.kind === 'object' ? ['object-detection'] : []);
  });

  it.each(REFUSED)('refuses "%s" and says what works', (prompt, words) => {
    const error = failureOf(() => compileRule(prompt, { zones: ZONES }));
    expect(isFault(error, 'invalid')).toBe(true);
    expect(String(error)).toContain(words);
    const forms =
      String(error)
        .split('These work: ')[1]
        ?.match(/"[^"]+"/g) ?? [];
    expect(forms).toHaveLength(3);
    for (const form of forms) compileRule(form.slice(1, -1), { zones: ZONES });
  });

  it('says so when no zone has the name, and keeps the name for cameras that have it', () => {
    const rule = compileRule('someone enters the loading zone', { zones: [] });
    expect(rule.zone).toBe('loading zone');
    expect(rule.understood).toContain('no zone is named "loading zone"');
    expect(rule.understood).toContain('the whole picture');
  });

  it('does not guess between zones that fit equally well', () => {
    const rule = compileRule('someone is at the door', { zones: ['front door', 'back door'] });
    expect(rule.zone).toBe('door');
    expect(rule.understood).toContain('no zone is named "door"');
  });

  it('does not take one numbered zone for another', () => {
    const zones = ['gate 1', 'gate 2'];
    expect(compileRule('someone enters gate 2', { zones }).zone).toBe('gate 2');
    expect(compileRule('someone enters gate 3', { zones }).understood).toContain('no zone is named');
  });

  it('makes a rule or says what is wrong, whatever the words and their order', () => {
    const words = [...new Set(UNDERSTOOD.flatMap(([prompt]) => prompt.split(/\s+/))), 'constructor', '🐕', '12', "n't"];
    for (let seed = 0; seed < 3000; seed += 1) {
      const pick = (i: number) => words[(seed * 7919 + i * i * 104_729 + i * seed) % words.length] ?? '';
      const prompt = Array.from({ length: 1 + (seed % 9) }, (_, i) => pick(i)).join(' ');
      const result = failureOf(() => compileRule(prompt, { zones: ZONES }));
      if (isFault(result)) expect(result.message, prompt).toMatch(/^prompt: .*These work: /);
      else expect(result, prompt).toMatchObject({ version: 2, understood: expect.stringMatching(/^Fires when .*\.$/) });
    }
  });

  it('survives JSON', () => {
    const rule = compileRule('at least two dogs in the driveway for a minute', { zones: ZONES });
    expect(JSON.parse(JSON.stringify(rule))).toEqual(rule);
  });
});

function failureOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
