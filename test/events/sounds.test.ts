import { describe, expect, it, vi } from 'vitest';
import { type Rule, SOUND_LABELS } from '#domain';
import { compileRule, ruleFor } from '#events';
import { isFault } from '#runtime';

vi.setConfig({ testTimeout: 60_000 });

const ZONES = ['yard', 'front door'];
const rule = (prompt: string): Rule => compileRule(prompt, { zones: ZONES });

/** "breaking glass stays 30s": name, relation, duration. */
function shorthand({ subject, relation, forMs, zone }: Rule): string {
  const what =
    subject.kind === 'sound' ? subject.name : subject.kind === 'microphone' ? subject.troubles.join('+') : subject.kind;
  const parts = [what, relation, ...(forMs === undefined ? [] : [`${forMs / 1000}s`]), ...(zone ? [`@${zone}`] : [])];
  return parts.join(' ');
}

/** Prompt, rule, and a class by which the sound is recognised. */
const SOUNDS: readonly (readonly [prompt: string, rule: string, label: string])[] = [
  ['glass breaking', 'breaking glass present', 'shatter'],
  ['Notify me if you hear glass breaking!', 'breaking glass present', 'glass'],
  ['a window is broken', 'breaking glass present', 'breaking'],
  ['the sound of a bottle being smashed', 'breaking glass present', 'smash, crash'],
  ['someone breaks the window', 'breaking glass present', 'shatter'],
  ['smoke alarm', 'a smoke alarm present', 'smoke detector, smoke alarm'],
  ['the smoke alarm goes off', 'a smoke alarm present', 'smoke detector, smoke alarm'],
  ['a smoke detector is beeping', 'a smoke alarm present', 'smoke detector, smoke alarm'],
  ['alert when a fire alarm sounds', 'a fire alarm present', 'fire alarm'],
  ['the car alarm is going off', 'a car alarm present', 'car alarm'],
  ['alarm', 'an alarm present', 'alarm'],
  ['an alarm goes off', 'an alarm present', 'alarm'],
  ['an alarm starts', 'an alarm present', 'siren'],
  ['the burglar alarm rings', 'an alarm present', 'alarm'],
  ['a siren', 'a siren present', 'ambulance (siren)'],
  ['a police siren is heard', 'a police siren present', 'police car (siren)'],
  ['a siren or an alarm', 'a siren or an alarm present', 'alarm'],
  ['a dog barks', 'barking present', 'bark'],
  ['dogs barking in the yard', 'barking present', 'dog'],
  ['the dog is howling', 'howling present', 'howl'],
  ['a cat meows', 'meowing present', 'meow'],
  ['a bird sings', 'birdsong present', 'chirp, tweet'],
  ['someone shouts', 'shouting present', 'shout'],
  ['people are yelling outside', 'shouting present', 'yell'],
  ['someone shouts at the front door', 'shouting present', 'shout'],
  ['a woman screams', 'screaming present', 'screaming'],
  ['somebody screams or shouts', 'screaming or shouting present', 'shout'],
  ['a baby cries', 'a crying baby present', 'baby cry, infant cry'],
  ['the crying of a baby', 'a crying baby present', 'baby cry, infant cry'],
  ['a child is crying', 'crying present', 'crying, sobbing'],
  ['someone coughs', 'coughing present', 'cough'],
  ['people laughing', 'laughter present', 'laughter'],
  ['applause', 'applause present', 'applause'],
  ['people clapping', 'applause present', 'clapping'],
  ['gunshot', 'a gunshot present', 'gunshot, gunfire'],
  ['shots are fired', 'a gunshot present', 'gunshot, gunfire'],
  ['detect gunfire', 'a gunshot present', 'machine gun'],
  ['an explosion', 'an explosion present', 'explosion'],
  ['a loud bang', 'a loud noise present', 'bang'],
  ['someone knocks', 'knocking present', 'knock'],
  ['someone knocks on the door', 'knocking present', 'knock'],
  ['there is a knock at the front door', 'knocking present', 'knock'],
  ['the doorbell rings', 'a doorbell present', 'doorbell'],
  ['someone rings the doorbell', 'a doorbell present', 'ding-dong'],
  ['a door slams', 'a slamming door present', 'slam'],
  ['footsteps', 'footsteps present', 'walk, footsteps'],
  ['someone bangs on the door', 'knocking present', 'knock'],
  ['the kettle boils', 'boiling water present', 'boiling'],
  ['bees buzzing', 'buzzing present', 'bee, wasp, etc.'],
  ['a carbon monoxide alarm goes off', 'a carbon monoxide alarm present', 'alarm'],
  ['a motor is running for more than ten minutes', 'an engine stays 600s', 'engine'],
  ['the siren is no longer heard', 'a siren leaves', 'siren'],
  ['no longer any barking for a minute', 'barking absent 60s', 'bark'],
  ['a car horn', 'a car horn present', 'vehicle horn, car horn, honking'],
  ['a truck honks', 'a car horn present', 'toot'],
  ['tyres squeal', 'squealing tyres present', 'tire squeal'],
  ['a car crash is heard', 'a crash present', 'smash, crash'],
  ['an engine runs', 'an engine present', 'engine'],
  ['a car engine starts', 'an engine present', 'engine starting'],
  ['it is raining', 'rain present', 'rain'],
  ['rain', 'rain present', 'rain on surface'],
  ['thunder', 'thunder present', 'thunder'],
  ['water is running', 'running water present', 'water tap, faucet'],
  ['the phone rings', 'a ringing telephone present', 'telephone bell ringing'],
  ['music plays', 'music present', 'music'],
  ['someone is typing', 'typing present', 'computer keyboard'],
  ['hear a dog', 'a dog present', 'growling'],
  ['a car is heard', 'a car present', 'car passing by'],
  ['the sound of a helicopter', 'a helicopter present', 'helicopter'],
  ['listen for a lawn mower', 'a lawn mower present', 'lawn mower'],
  ['a smoke alarm begins to sound', 'a smoke alarm present', 'fire alarm'],
  ['a siren appears', 'a siren appears', 'siren'],
  ['a siren for more than 30 seconds', 'a siren stays 30s', 'siren'],
  ['the engine is running for 5 minutes', 'an engine stays 300s', 'idling'],
  ['a dog keeps barking', 'barking stays 60s', 'bark'],
  ['the alarm continues for 2 minutes', 'an alarm stays 120s', 'alarm'],
  ['the smoke alarm stops', 'a smoke alarm leaves', 'fire alarm'],
  ['no dog barks for 10 minutes', 'barking absent 600s', 'bark'],
  ['the engine has not been heard for an hour', 'an engine absent 3600s', 'engine'],
  ['the siren stops for a minute', 'a siren absent 60s', 'siren'],
];

const ANY_SOUND: readonly (readonly [prompt: string, rule: string])[] = [
  ['a noise', 'a sound present'],
  ['something is heard', 'a sound present'],
  ['any sound in the yard', 'a sound present'],
  ['no sound for 10 minutes', 'a sound absent 600s'],
  ['nothing is heard for 10 minutes', 'a sound absent 600s'],
  ['nobody makes a sound for a minute', 'a sound absent 60s'],
  ['silence for 5 minutes', 'a sound absent 300s'],
  ['it is quiet for an hour', 'a sound absent 3600s'],
  ['the microphone is dead', 'dead appears'],
  ["the microphone doesn't work", 'dead appears'],
  ['no sound from the microphone', 'dead appears'],
  ['the mic is broken for 10 minutes', 'dead stays 600s'],
  ['the microphone is too loud', 'clipped appears'],
  ['the microphone is dead or overloaded', 'dead+clipped appears'],
  ['the audio is lost', 'dead appears'],
  ['the audio drops out for a minute', 'dead stays 60s'],
  ['the sound is distorted', 'clipped appears'],
];

/** What was a rule about something seen stays one; what can't be heard isn't guessed. */
const SEEN: readonly (readonly [prompt: string, kind: string])[] = [
  ['a dog', 'object dog'],
  ['a dog is in the yard', 'object dog'],
  ['a car', 'object car'],
  ['a train passes', 'object train'],
  ['a bird appears', 'object bird'],
  ['someone enters the yard', 'object someone'],
  ['someone breaks into the yard', 'object someone'],
  ['alarm me when someone enters the yard', 'object someone'],
  ['alarm if a car stays for 30 seconds', 'object car'],
  ['alarm: a person', 'object person'],
  ['a clock', 'object clock'],
  ['a cell phone', 'object cell phone'],
  ['the lights go off', 'light'],
  ['the camera is knocked', 'tamper'],
  ['someone bangs the camera', 'refused'],
  ['the sound of a dropped phone', 'refused'],
  ['a lawn mower', 'refused'],
  ['motion', 'motion'],
];

const REFUSED: readonly (readonly [prompt: string, words: string])[] = [
  ['a car is on fire', '"fire"'],
  ['hello world', '"hello"'],
  ['a person and a dog barks', '"person"'],
  ['a siren enters the yard', 'a sound only begins'],
  ['two gunshots', '"two"'],
  ['more than 3 gunshots', 'a number'],
  ['a red siren', '"red"'],
  ['the siren never stops', 'whether it is there'],
  ['the application crashes', '"application"'],
];

describe('compileRule for sounds', () => {
  it.each(SOUNDS)('understands "%s"', (prompt, expected, label) => {
    const understood = rule(prompt);
    expect(shorthand(understood)).toBe(expected);
    expect(understood.subject).toMatchObject({ kind: 'sound', labels: expect.arrayContaining([label]) });
    expect(understood.needs).toEqual(['sound-classification']);
    expect(understood.understood).toMatch(/^Fires when [^\n]+ heard[^.\n]*\.$/);
  });

  it.each(ANY_SOUND)('understands "%s", for which no model is needed', (prompt, expected) => {
    const understood = rule(prompt);
    expect(shorthand(understood)).toBe(expected);
    expect(understood.needs).toEqual([]);
    expect(understood.understood).toMatch(/^Fires when (?:no |a )?(?:sound|the microphone) [^\n]+[^.]\.$/);
  });

  it.each(SEEN)('takes "%s" for no sound', (prompt, expected) => {
    const { subject } = ruleFor(prompt, { zones: ZONES });
    const what = subject.kind === 'object' ? `object ${subject.name}` : subject.kind;
    expect(what).toBe(expected === 'refused' ? 'text' : expected);
  });

  it.each(REFUSED)('refuses "%s"', (prompt, words) => {
    const failure = attempt(() => rule(prompt));
    expect(isFault(failure, 'invalid')).toBe(true);
    expect(String(failure)).toContain(words);
  });

  it('says that a microphone hears more than the place that was named', () => {
    const { understood, zone } = rule('a dog barks in the yard');
    expect(zone).toBeUndefined();
    expect(understood).toBe('Fires when barking is heard, wherever the microphone hears it, not only at "yard".');
  });

  it.each([
    ['footsteps', 'Fires when footsteps are heard.'],
    ['no footsteps for 10 minutes', 'Fires when no footsteps have been heard for 10 minutes.'],
    ['a siren or an alarm for a minute', 'Fires when a siren or an alarm has been heard for 1 minute.'],
    ['no smoke alarm is heard', 'Fires when no smoke alarm is heard.'],
    ['the smoke alarm stops', 'Fires when a smoke alarm is no longer heard.'],
    ['silence for 5 minutes', 'Fires when no sound has been heard for 5 minutes.'],
    ['the microphone is dead', 'Fires when the microphone gives no sound at all.'],
    ['the mic is muted for a minute', 'Fires when the microphone gives no sound at all for 1 minute.'],
  ])('puts "%s" in a sentence', (prompt, sentence) => {
    expect(rule(prompt).understood).toBe(sentence);
  });

  it('listens only for classes that models know', () => {
    for (const [prompt] of SOUNDS) {
      const { subject } = rule(prompt);
      if (subject.kind === 'sound') for (const label of subject.labels) expect(SOUND_LABELS).toContain(label);
    }
  });

  it('makes a rule or says what is wrong, whatever the words and their order', () => {
    const words = [...new Set([...SOUNDS, ...ANY_SOUND, ...SEEN].flatMap(([prompt]) => prompt.split(/\s+/)))];
    words.push('says', 'mentions', '"help"', 'nobody', 'word', '“', "'", 'for 10 minutes');
    for (let seed = 0; seed < 1500; seed += 1) {
      const pick = (i: number) => words[(seed * 7919 + i * i * 104_729 + i * seed) % words.length] ?? '';
      const prompt = Array.from({ length: 1 + (seed % 8) }, (_, i) => pick(i)).join(' ');
      const made = attempt(() => rule(prompt));
      if (isFault(made)) expect(made.message, prompt).toMatch(/^prompt: .*These work: /);
      else expect(made, prompt).toMatchObject({ version: 2, understood: expect.stringMatching(/^Fires when .*\.$/) });
    }
  });

  it('survives JSON', () => {
    const understood = rule('glass breaking');
    expect(JSON.parse(JSON.stringify(understood))).toEqual(understood);
  });
});

/** What it gives, or throws. */
function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
