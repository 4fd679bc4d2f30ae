import {
  boxArea,
  type RulePart,
  type RuleSubject,
  type SceneFacts,
  type SceneObject,
  shareOfWords,
  tellingWords,
} from '#domain';
import { contrariesOf } from './contrasts.ts';
import { type Audible, hear } from './heard.ts';
import type { Alike } from './steady.ts';

/** What a rule's subject did in one window. */
export interface Seen {
  /** How many there were at once; 1 or 0 for motion, light and tamper. */
  n: number;
  confidence: number;
  /** For a sentence: "person", "motion", "the lights". */
  name: string;
  /** `motion` stands in for objects where no detector was at work. */
  tier: 'object' | 'motion' | 'light' | 'tamper' | 'text' | 'sound' | 'speech' | 'microphone';
  /** Those counted, for subjects that are objects. */
  objects: SceneObject[];
}

const WITHOUT_DETECTOR: ReadonlySet<RulePart['relation']> = new Set(['present', 'appears', 'enters'] as const);

/** Fewer of the words are a coincidence. */
const MOST_WORDS = 2 / 3;
/** How sure it can be that words in a description are what was asked for. */
const TEXT_CONFIDENCE = 0.8;

/** What is known from the windows before. */
interface Before {
  said?: string | undefined;
  /** With this window. */
  alike?: Alike | undefined;
}

type Of<Kind extends RuleSubject['kind']> = Extract<RuleSubject, { kind: Kind }>;

/**
 * `mute` when the scene doesn't say: objects without a detector, asked for more than whether something came or is there;
 * anything that is seen, asked of what was heard; anything that is heard where nobody listened; a colour where nobody
 * looked for any.
 */
export function look(rule: RulePart, scene: Audible, before: Before = {}): Seen | 'mute' {
  const { subject } = rule;
  const { facts } = scene;
  if (subject.kind === 'sound' || subject.kind === 'microphone' || subject.kind === 'speech') {
    const heard = hear(rule, subject, scene, before.said);
    return heard === 'mute' ? heard : { ...heard, objects: [] };
  }
  if (scene.isTranscript) return 'mute';
  if (subject.kind === 'text') return described(subject, scene.text, before.alike);
  if (!facts) return 'mute';
  switch (subject.kind) {
    case 'object':
      if (facts.packs.some((pack) => pack !== 'built-in')) return objects(subject, rule, facts);
      return canStandIn(rule) ? standIn(rule, facts) : 'mute';
    case 'motion':
      return motion(rule.zone, facts);
    case 'light':
      return light(subject.change, facts);
    case 'tamper':
      return single(
        'tamper',
        facts.tamper.some((tamper) => subject.tampers.includes(tamper)),
        0.9,
        'the camera',
      );
    case 'parts':
      return 'mute'; // Each of them is looked at by itself.
  }
}

function canStandIn({ relation, colour, size }: RulePart): boolean {
  return WITHOUT_DETECTOR.has(relation) && colour === undefined && size === undefined;
}

/** Words or pictures, whichever is surer. */
function described({ words, sentence = '' }: Of<'text'>, text: string, alike: Alike | undefined): Seen {
  const share = shareOfWords(words, text);
  const there = share >= MOST_WORDS && !contradicts(text, sentence, share);
  const told = single(
    'text',
    there,
    TEXT_CONFIDENCE * share,
    `the description of the scene matches "${words.join(' ')}"`,
  );
  if (!alike || (told.n > 0 && told.confidence >= alike.score)) return told;
  const shown = single('text', alike.on, alike.score, `the picture looks like "${sentence}"`);
  return shown.n >= told.n ? shown : told;
}

/** "The shelf looks tidy" has most of the words of "the shelf looks messy", and more of those of its contrary. */
function contradicts(text: string, sentence: string, share: number): boolean {
  return contrariesOf(sentence).some((contrary) => shareOfWords(tellingWords(contrary), text) > share);
}

function objects(
  { labels, name }: Of<'object'>,
  { zone, colour, size, relation }: RulePart,
  facts: SceneFacts,
): Seen | 'mute' {
  const named = facts.objects.filter(({ label }) => labels.includes(label));
  if (colour !== undefined && named.length > 0 && named.every(({ colours }) => colours === undefined)) return 'mute';
  const there = (object: SceneObject) => {
    // What moves is followed wherever it is.
    if (relation === 'moves' || relation === 'approaches') return true;
    if (relation === 'crosses') return zone === undefined ? cameIn(object) : (object.crossed?.includes(zone) ?? false);
    return zone === undefined || object.zones.includes(zone);
  };
  const wanted = named.filter(
    (one) => there(one) && (colour === undefined || one.colours?.includes(colour)) && hasSize(one, size),
  );
  const atOnce = labels.reduce((sum, label) => sum + (facts.counts[label] ?? 0), 0);
  const n = Math.min(wanted.length, atOnce || wanted.length);
  const best = [...wanted].sort((a, b) => b.score - a.score);
  const counted = best.slice(0, Math.max(n, 1));
  const confidence = counted.reduce((sum, { score }) => sum + score, 0) / Math.max(counted.length, 1);
  return { n, confidence, name: best[0]?.label ?? name, tier: 'object', objects: wanted };
}

function hasSize({ box }: SceneObject, size: RulePart['size']): boolean {
  if (!size) return true;
  return size.op === '>=' ? boxArea(box) >= size.share : boxArea(box) <= size.share;
}

/** Over an edge of the picture. */
function cameIn({ appeared }: SceneObject): boolean {
  return appeared !== undefined && appeared !== 'in';
}

function standIn(rule: RulePart, facts: SceneFacts): Seen {
  const seen = motion(rule.zone, facts);
  return { ...seen, confidence: Math.min(0.5, seen.confidence - 0.25) };
}

function motion(zone: string | undefined, { motion: moved }: SceneFacts): Seen {
  const there = zone === undefined ? moved.amount > 0 : moved.zones.includes(zone);
  return single('motion', there, Math.min(0.95, 0.55 + moved.amount * 2), 'something');
}

function light(change: 'on' | 'off', { light: measured }: SceneFacts): Seen {
  const { brightness } = measured;
  const confidence = change === 'off' ? 0.95 - brightness / 2 : 0.6 + brightness * 0.35;
  return single('light', measured.change === change, confidence, 'the lights');
}

function single(tier: Seen['tier'], there: boolean, confidence: number, name: string): Seen {
  return { n: there ? 1 : 0, confidence, name, tier, objects: [] };
}
