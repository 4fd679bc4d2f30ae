import { type Direction, partsOf, type Rule, type RulePart } from '#domain';
import { duringWords } from './during.ts';
import type { Place } from './zones.ts';

/** One sentence that tells a person what the rule does. */
export function understood(rule: Omit<Rule, 'understood' | 'needs'>, places: readonly (Place | undefined)[]): string {
  const when = rule.during ? `, only ${duringWords(rule.during)} by the box's clock` : '';
  const reservations = partsOf(rule)
    .map((part, i) => reservation(part, places[i]))
    .join('');
  return `Fires when ${clause(rule)}${when}${sizeWords(partsOf(rule))}${reservations}.`;
}

function reservation({ zone, subject }: RulePart, place: Place | undefined): string {
  if (!place) return '';
  if (isHeard(subject)) return `, wherever the microphone hears it, not only at "${place.name}"`;
  if (subject.kind === 'text') return `, wherever it is in the picture, not only in "${place.name}"`;
  if (zone === undefined) return `, measured over the whole picture, not only "${place.name}"`;
  return place.known ? '' : `; no zone is named "${zone}", so a camera without one watches the whole picture`;
}

/** What "large" and "small" mean, where they are asked for. */
function sizeWords(parts: readonly RulePart[]): string {
  const told = parts.flatMap(({ size }) =>
    size
      ? [`${size.op === '>=' ? 'large is at least' : 'small is at most'} ${percent(size.share)} of the picture`]
      : [],
  );
  return told.map((words) => `; ${words}`).join('');
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

const OPERATOR_WORDS = { '>': 'more than', '>=': 'at least', '==': 'exactly', '<': 'fewer than', '<=': 'at most' };

/** What is to be so, without a capital and a full stop. */
function clause(rule: RulePart): string {
  const { subject, relation } = rule;
  const long = rule.forMs === undefined ? '' : ` for ${durationWords(rule.forMs)}`;
  if (subject.kind === 'parts') return joined(subject);
  if (subject.kind === 'text') return described(subject);
  if (subject.kind === 'light') return `the lights go ${subject.change}`;
  if (subject.kind === 'tamper')
    return relation === 'stays'
      ? `the camera has been ${subject.tampers.join(' or ')}${long}`
      : `the camera is ${subject.tampers.join(' or ')}`;
  if (isHeard(subject)) return heardClause(subject, relation, long);
  const often = rule.windows ? `, in at least ${rule.windows.least} of ${rule.windows.of} windows` : '';
  return `${seenClause(rule, subject, long)}${often}`;
}

function joined({ join, parts }: Extract<Rule['subject'], { kind: 'parts' }>): string {
  const clauses = parts.map(({ not, ...part }) => {
    if (!not) return clause(part);
    return part.relation === 'present' ? clause({ ...part, relation: 'absent' }) : `it is not so that ${clause(part)}`;
  });
  return clauses.join(join === 'all' ? ' and ' : ' or ');
}

/** That a part was not so, in the past. */
export function notWords(part: RulePart): string {
  const { subject, relation } = part;
  if (relation !== 'present' || (subject.kind !== 'object' && subject.kind !== 'motion'))
    return `it was not so that ${clause(part)}`;
  const bare = subject.kind === 'motion' ? 'motion' : looking(subject.name.replace('someone', 'person'), part);
  return `no ${bare} was in ${placeWords(part.zone)}`;
}

type SeenSubject = Extract<Rule['subject'], { kind: 'object' | 'motion' }>;

function seenClause(rule: RulePart, subject: SeenSubject, long: string): string {
  const { relation, count, direction } = rule;
  const where = placeWords(rule.zone);
  const bare = subject.kind === 'motion' ? 'motion' : looking(subject.name.replace('someone', 'person'), rule);
  const someone = subject.kind === 'object' && subject.name === 'someone' && bare === 'person';
  const what = subject.kind === 'motion' ? 'something' : withArticle(someone ? 'someone' : bare);
  const goes = direction && relation !== 'moves' ? `, moving ${directionWords(direction)}` : '';
  const verbs: Record<Rule['relation'], string> = {
    present: subject.kind === 'motion' ? `something moves in ${where}` : `${what} is in ${where}`,
    appears: `${what} appears in ${where}`,
    enters: `${what} comes into ${where}`,
    leaves: `${what} leaves ${where}`,
    crosses: `${what} comes through ${where}`,
    stays: subject.kind === 'motion' ? `something keeps moving in ${where}${long}` : `${what} stays in ${where}${long}`,
    absent:
      rule.forMs === undefined ? `there is no ${bare} in ${where}` : `there has been no ${bare} in ${where}${long}`,
    count: `${counted(bare, count)} at once in ${where}${long}`,
    moves: `${what} moves ${directionWords(direction ?? 'towards')}${rule.zone === undefined ? '' : ` in ${where}`}`,
    approaches: `${what} gets nearer to ${rule.zone === undefined ? 'the camera' : where}`,
  };
  return `${verbs[relation]}${goes}`;
}

const DIRECTIONS: Readonly<Record<Direction, string>> = {
  left: 'to the left',
  right: 'to the right',
  up: 'upwards',
  down: 'downwards',
  towards: 'towards the camera',
  away: 'away from the camera',
};

export function directionWords(direction: Direction): string {
  return DIRECTIONS[direction];
}

/** "large red car", "small person in blue". */
export function looking(name: string, { colour, size }: Pick<RulePart, 'colour' | 'size'>): string {
  const sized = size ? (size.op === '>=' ? 'large ' : 'small ') : '';
  return `${sized}${coloured(name, colour)}`;
}

function described({ words, sentence }: Extract<Rule['subject'], { kind: 'text' }>): string {
  const told = `what an index says of a scene has most of the words ${words.join(', ')}`;
  return sentence === undefined ? told : `the picture looks like "${sentence}", or ${told}`;
}

/** "red car", "person in blue". */
function coloured(name: string, colour: string | undefined): string {
  if (colour === undefined) return name;
  return name === 'person' ? `person in ${colour}` : `${colour} ${name}`;
}

type Heard = Extract<Rule['subject'], { kind: 'sound' | 'speech' | 'microphone' }>;

function isHeard(subject: Rule['subject']): subject is Heard {
  return subject.kind === 'sound' || subject.kind === 'speech' || subject.kind === 'microphone';
}

function heardClause(subject: Heard, relation: Rule['relation'], long: string): string {
  if (subject.kind === 'speech') return speechClause(subject);
  if (subject.kind === 'microphone') return microphoneClause(subject.troubles, relation, long);
  const { name } = subject;
  const plural = isPlural(name);
  const [is, has] = plural ? ['are', 'have'] : ['is', 'has'];
  const verbs: Partial<Record<Rule['relation'], string>> = {
    absent: long === '' ? `no ${bareName(name)} ${is} heard` : `no ${bareName(name)} ${has} been heard${long}`,
    leaves: `${name} ${is} no longer heard`,
    stays: `${name} ${has} been heard${long}`,
    appears: `${name} ${plural ? 'begin' : 'begins'} to be heard`,
  };
  return verbs[relation] ?? `${name} ${is} heard`;
}

/** "footsteps", "fireworks"; not "glass". */
export function isPlural(name: string): boolean {
  return /[^s]s$/.test(name);
}

function speechClause({ words, meant, name }: Extract<Heard, { kind: 'speech' }>): string {
  if (words.length === 0) return 'someone says something';
  const shown = words.slice(0, MOST_SHOWN).map((phrase) => `"${phrase}"`);
  if (meant) return `${name ?? 'something'} is heard: ${shown.join(', ')} and the like`;
  return `someone says ${shown.join(' or ')}${words.length > MOST_SHOWN ? ' and the like' : ''}`;
}
const MOST_SHOWN = 4;

const TROUBLES = { dead: 'gives no sound at all', clipped: 'is overloaded' };

function microphoneClause(troubles: readonly ('dead' | 'clipped')[], relation: Rule['relation'], long: string): string {
  const what = troubles.map((trouble) => TROUBLES[trouble]).join(' or ');
  return relation === 'absent' ? `the microphone no longer ${what}${long}` : `the microphone ${what}${long}`;
}

/** "a smoke alarm" → "smoke alarm". */
export function bareName(name: string): string {
  return name.replace(/^an? /, '').replaceAll(/ or an? /g, ' or ');
}

function counted(name: string, count: Rule['count']): string {
  if (!count) return `there is a ${name}`;
  const one = count.value === 1;
  const plural = /\bperson\b/.test(name) ? name.replace('person', 'people') : `${name}s`;
  return `there ${one ? 'is' : 'are'} ${OPERATOR_WORDS[count.op]} ${count.value} ${one ? name : plural}`;
}

export function placeWords(zone: string | undefined): string {
  return zone === undefined ? 'the picture' : `the zone "${zone}"`;
}

export function withArticle(name: string): string {
  if (name === 'someone') return name;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

const LENGTHS = [
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
] as const;

/** 90000 → "90 seconds", 600000 → "10 minutes". */
export function durationWords(ms: number): string {
  const [length, name] = LENGTHS.find(([unit]) => ms >= unit && ms % unit === 0) ?? [1000, 'second'];
  const amount = Number((ms / length).toFixed(1));
  return `${amount} ${name}${amount === 1 ? '' : 's'}`;
}
