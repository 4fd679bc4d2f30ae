import { CALLS_FOR_HELP, type RuleSubject } from '#domain';
import { LEAD_INS, NEGATIONS } from './words.ts';
import { type Place, sameZone } from './zones.ts';

/** What a prompt asks to be said. */
export interface Spoken {
  subject: Extract<RuleSubject, { kind: 'speech' }>;
  place?: Place;
}

const SPEAKERS =
  'someone|somebody|anyone|anybody|people|person|man|woman|men|women|child|children|kid|kids|boy|girl|customer|' +
  'customers|client|visitor|guest|caller|speaker|speakers|worker|employee|user|student|teacher|patient|agent|voice|' +
  'they|he|she|you|we';
const SPEAKER = `(?:(?:a|an|the|any|some)\\s+)?(?:${SPEAKERS})`;
/** Any word of a name, but none that says that nobody speaks. */
const WHO = '(?!(?:nobody|no|none|never|not|nothing|without|and|or)\\s)[\\p{L}\\p{N}-]+';
const BE = '(?:(?:is|are|was|were|has|have|been|starts?|begins?|to|heard)\\s+)*';
const SAY =
  '(?:say|says|said|saying|mention|mentions|mentioned|mentioning|utter|utters|uttering|speak of|speaks of|' +
  'talks? about|talking about|talked about|speaks? about|speaking about|asks? about|asking about|asks? for|asking for|' +
  'calls? out|calling out|discuss|discusses|discussing)';
const CRY =
  '(?:call|calls|calling|called|cry|cries|crying|cried|shout|shouts|shouting|shouted|yell|yells|yelling|yelled|scream|' +
  'screams|screaming|screamed|ask|asks|asking|asked|beg|begs|begging|plead|pleads|pleading)';
/** What is shouted by itself, and not about something: "shouts fire", but not "shouts outside". */
const SHOUTED = 'help|fire|stop|police|thief|emergency|attention';
const WORD = '(?:the\\s+)?(?:exact\\s+)?(?:words?|phrases?|sentence|names?|keywords?)\\s+';
const SAID = '(?:said|mentioned|spoken|spoken of|talked about|uttered|discussed)';

const FOR_HELP = new RegExp(
  `^(?:${SPEAKER}\\s+)?${BE}(?:a\\s+)?${CRY}\\s+(?:out\\s+)?(?:for\\s+)?help(?: (?:is|are) heard)?$|^${SPEAKER}\\s+needs?\\s+help$|^(?:a\\s+)?distress call$`,
);
const ANYTHING_SAID = new RegExp(
  `^${SPEAKER}\\s+${BE}(?:speak|speaks|speaking|talk|talks|talking|says? (?:something|anything))$|^(?:speech|voices?|a conversation|conversation|talking)(?: (?:is|are) heard)?$`,
);
const PHRASES: readonly RegExp[] = [
  /^(?:any\s+)?(?:mentions?|talk|conversation|discussion)\s+(?:of|about)\s+(?:(?:a|an|the)\s+)?(.+)$/,
  new RegExp(`^(?:${SPEAKER}\\s+)?${BE}${SAY}\\s+(.+)$`),
  // Whoever it is: "the night guard says …".
  new RegExp(`^(?:${WHO}\\s+){1,3}(?:says?|said|mentions?|mentioned)\\s+(.+)$`, 'u'),
  new RegExp(`^(?:${SPEAKER}\\s+)?${BE}uses?\\s+${WORD}(.+)$`),
  new RegExp(`^(?:${SPEAKER}\\s+)?${BE}${CRY}\\s+(${SHOUTED}|"[^"]+"|${WORD}.+)$`),
  new RegExp(`^${WORD}(.+?)\\s+(?:is|are|was|were|gets|being|has been)\\s+(?:heard|used|${SAID})$`),
  new RegExp(`^(.+?)\\s+(?:is|are|was|were|gets|being|has been)\\s+${SAID}$`),
];

/**
 * The phrases, or whatever else, that a prompt wants to hear said; undefined when it is about something else, or about
 * speech that isn't there: nobody hears that.
 */
export function speechIn(prompt: string, zones: readonly string[]): Spoken | undefined {
  const text = plain(prompt);
  const somewhere = withoutPlace(text, zones);
  for (const found of [{ text }, ...(somewhere ? [somewhere] : [])]) {
    const subject = meaningOf(found.text);
    if (subject) return { ...found, subject };
  }
  const here = somewhere?.place.known ? somewhere : { text };
  const hit = PHRASES.map((pattern) => pattern.exec(here.text)?.[1]).find((match) => match !== undefined);
  const words = hit === undefined ? [] : phrasesIn(hit);
  return words.length > 0 ? { ...here, subject: { kind: 'speech', words } } : undefined;
}

function meaningOf(text: string): Spoken['subject'] | undefined {
  if (FOR_HELP.test(text)) return { kind: 'speech', words: [...CALLS_FOR_HELP], meant: true, name: 'a call for help' };
  return ANYTHING_SAID.test(text) ? { kind: 'speech', words: [] } : undefined;
}

/** In lower case, with one kind of quotes, without the order to watch. */
function plain(prompt: string): string {
  const words = prompt
    .toLowerCase()
    .replace(/[“”«»„]|(?<!\p{L})['‘’]|['‘’](?!\p{L})/gu, '"')
    .replace(/[.!?]+(?=\s*"?\s*$)/, '')
    .trim()
    .split(/\s+/);
  const start = words.findIndex((word) => !LEAD_INS.has(word.replace(/[:,]$/, '')));
  return words.slice(Math.max(start, 0)).join(' ');
}

/** What is in front of "in the lobby", and the lobby; it is `known` when there is such a zone. */
function withoutPlace(text: string, zones: readonly string[]): { text: string; place: Place } | undefined {
  const match = /^(.+?)\s+(?:in|at|near|by|inside|outside)\s+(?:the\s+)?([^"]+)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const zone = sameZone(match[2], zones);
  return { text: match[1], place: { name: zone ?? match[2], known: zone !== undefined } };
}

const LEADING_WORD = new RegExp(`^${WORD}`);

/** "fire" or "help" are two, "good morning" is one. */
function phrasesIn(text: string): string[] {
  const quoted = [...text.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
  const parts = quoted.length > 0 ? quoted : text.replace(LEADING_WORD, '').split(/\s*(?:,\s*(?:or\s+)?|\s+or\s+)/);
  const phrases = parts.map((part) => part.replace(/["]|[.,;:!?]+$/g, '').trim());
  return [...new Set(phrases)].filter((phrase) => /[\p{L}\p{N}]/u.test(phrase) && !NEGATIONS.has(phrase));
}
