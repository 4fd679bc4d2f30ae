import { describe, expect, it } from 'vitest';
import { CALLS_FOR_HELP, lastWords, sharePhrase } from '#domain';

const calls = (text: string, before = '') => sharePhrase(CALLS_FOR_HELP, text, { meant: true, before });

describe('calls for help', () => {
  it.each([
    'help me please',
    'Help me, please!',
    'somebody help',
    'Somebody help me!',
    'please help',
    'Could somebody please help me?',
    'Help!',
    'Oh my god, help!',
    'help help help',
    'come quickly. Help! over here',
    'help i have fallen',
    'I need help.',
    'he is hurt someone call an ambulance',
    'Call the police!',
    'call nine one one',
    'this is an emergency',
    'is there someone to help me',
    'Someone here needs help.',
    "won't anybody help us",
  ])('hears "%s"', (text) => {
    expect(calls(text)).toBe(1);
  });

  it.each([
    'no help needed',
    'No, help is not needed.',
    "we don't need help",
    'I do not need help, thank you',
    'nobody needs help here',
    'no one needs help',
    'thanks for your help',
    'thank you for coming to help me',
    'that would help me a lot',
    'how may I help you',
    'can I help you',
    'it helped me',
    'she is helping us',
    'the help desk is closed',
    'do you need help with that',
    "don't help me",
    "don't call the police",
    'the emergency exit is on the left',
    'hello there',
    '',
  ])('takes "%s" for none', (text) => {
    expect(calls(text)).toBe(0);
  });

  it('puts together what a segment has cut, and tells it once', () => {
    expect(calls('me please', 'would somebody help')).toBe(1);
    expect(calls('it is over there', 'somebody help me')).toBe(0);
    expect(calls('please.', 'Thank you. Help')).toBe(1);
    expect(calls('us tomorrow', 'they can help')).toBe(0);
  });
});

describe('phrases', () => {
  it.each([
    ['hello', 'well hello there', 1],
    ['hello', 'yellow', 0],
    ['refund', 'They talked about refunds.', 1],
    ['password', 'the passwort is', 1],
    ['pin', 'a pen', 0],
    ['open the door', 'please open the door now', 1],
    ['open the door', 'please open door', 1],
    ['open the door', 'open this door', 1],
    ['open the door', 'the door is open', 0],
    ['open the door', 'open your heart and the door', 0],
    ['good morning', 'good evening', 0],
    ['where is the main entrance', "where's the main entrance", 0.75],
    ['where is the main entrance', 'where is the entrance', 0.75],
    ['where is the main entrance', 'the main entrance', 0],
    ['call 911', 'please call 911', 1],
  ])('%j in %j', (phrase, text, share) => {
    expect(sharePhrase([phrase], text)).toBeCloseTo(share, 5);
  });

  it('takes the best of several, and any word when there is none', () => {
    expect(sharePhrase(['fire', 'smoke'], 'there is smoke')).toBe(1);
    expect(sharePhrase([], 'hm')).toBe(1);
    expect(sharePhrase([], '…', { before: 'yes' })).toBe(0);
  });

  it('remembers the last words', () => {
    expect(lastWords('one two')).toBe('one two');
    expect(lastWords(`x ${'word '.repeat(12).trim()}`)).toBe('word '.repeat(12).trim());
  });
});
