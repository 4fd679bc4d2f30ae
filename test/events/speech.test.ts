import { describe, expect, it } from 'vitest';
import { CALLS_FOR_HELP, type Rule } from '#domain';
import { compileRule, ruleFor } from '#events';

const ZONES = ['lobby', 'front door'];
const speechOf = (prompt: string): Rule['subject'] => compileRule(prompt, { zones: ZONES }).subject;

const SAID: readonly (readonly [prompt: string, phrases: readonly string[]])[] = [
  ['someone says hello', ['hello']],
  ['Alert me when somebody says good morning.', ['good morning']],
  ['when a customer mentions pricing', ['pricing']],
  ['someone says "open the door"', ['open the door']],
  ['someone says ‘open the door’ or “let me in”', ['open the door', 'let me in']],
  ["notify me if someone says 'password'", ['password']],
  ['someone says the word refund', ['refund']],
  ['a caller talks about a refund, a discount or the price', ['a refund', 'a discount', 'the price']],
  ['people are talking about politics', ['politics']],
  ['somebody asks for the manager', ['the manager']],
  ['the word refund is said', ['refund']],
  ['the words "fire" or "smoke" are heard', ['fire', 'smoke']],
  ['refunds are mentioned', ['refunds']],
  ['any mention of the competition', ['competition']],
  ['mention of a price', ['price']],
  ['someone shouts fire', ['fire']],
  ['someone yells "get out"', ['get out']],
  ['someone says hello in the lobby', ['hello']],
  ['someone says help', ['help']],
  ['the night guard says "all clear"', ['all clear']],
  ['Müller mentions the budget', ['the budget']],
];

const FOR_HELP = [
  'someone calls for help',
  'somebody is calling for help',
  'detect when someone shouts for help',
  'a person yells help',
  'a woman screams for help',
  'a cry for help',
  'cries for help are heard',
  'someone cries out for help',
  'someone needs help',
  'someone calls for help in the lobby',
  'someone calls for help in the garage',
];

describe('compileRule for speech', () => {
  it.each(SAID)('listens for the words of "%s"', (prompt, words) => {
    const rule = compileRule(prompt, { zones: ZONES });
    expect(rule).toMatchObject({ subject: { kind: 'speech', words }, relation: 'present' });
    expect(rule.subject).not.toHaveProperty('meant');
    expect(rule.needs).toEqual(['speech-recognition']);
    for (const phrase of words) expect(rule.understood).toContain(`"${phrase}"`);
  });

  it.each(FOR_HELP)('knows what people say of whom it is said that "%s"', (prompt) => {
    expect(speechOf(prompt)).toEqual({
      kind: 'speech',
      words: CALLS_FOR_HELP,
      meant: true,
      name: 'a call for help',
    });
  });

  it.each([
    'someone speaks',
    'people are talking',
    'somebody says something',
    'speech',
    'voices are heard',
    'a conversation',
  ])('takes "%s" for any words at all', (prompt) => {
    expect(speechOf(prompt)).toEqual({ kind: 'speech', words: [] });
  });

  it.each([
    ['someone says hello', 'Fires when someone says "hello".'],
    ['someone says yes or no way', 'Fires when someone says "yes" or "no way".'],
    ['someone talks', 'Fires when someone says something.'],
    [
      'someone calls for help in the lobby',
      'Fires when a call for help is heard: "help me", "help us", "please help", "help please" and the like, wherever the microphone hears it, not only at "lobby".',
    ],
  ])('puts "%s" in a sentence', (prompt, sentence) => {
    expect(compileRule(prompt, { zones: ZONES }).understood).toBe(sentence);
  });

  it.each([
    ['nobody says hello', 'text'],
    ['no customer mentions a refund', 'text'],
    ['the guard never says hello', 'text'],
    ['someone says nothing', 'text'],
    ['no one calls for help', 'text'],
    ['someone talks on the phone', 'text'],
    ['User opened Slack application', 'text'],
    ['someone shouts', 'sound'],
    ['someone screams outside', 'sound'],
    ['someone whispers', 'text'],
    ['someone enters the lobby', 'object'],
    ['a person is in the lobby', 'object'],
    ['the door is used', 'text'],
  ])('takes "%s" for nothing that is said', (prompt, kind) => {
    expect(ruleFor(prompt, { zones: ZONES }).subject.kind).toBe(kind);
  });
});
