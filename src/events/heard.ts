import {
  AUDIBLE_DB,
  type RulePart,
  type RuleSubject,
  type SceneFacts,
  type SoundFacts,
  sharePhrase,
  soundKindOf,
} from '#domain';

/** A scene as far as one can listen to it. */
export interface Audible {
  text: string;
  facts?: SceneFacts;
  /** Of a scene of an audio index that tells of a sound. */
  sound?: SoundFacts;
  /** It is no scene but what was said, as it was written down. */
  isTranscript?: boolean;
  /** How sure the model that compares pictures with texts is that its picture shows what a sentence says, 0–1, by sentence. */
  similar?: Readonly<Record<string, number>>;
}

/** What was heard of a rule's subject in one window; like `Seen`, of which it is a part. */
export interface HeardOf {
  n: number;
  confidence: number;
  name: string;
  tier: 'sound' | 'speech' | 'microphone';
}

type Of<Kind extends RuleSubject['kind']> = Extract<RuleSubject, { kind: Kind }>;

const LEVEL_CONFIDENCE = 0.8;
const TROUBLE_CONFIDENCE = 0.9;
const SPEECH_CONFIDENCE = 0.9;
const LONGEST_QUOTE = 100;

/** What was heard of the subject; `mute` when the scene can't say. */
export function hear(
  rule: RulePart,
  subject: Of<'sound'> | Of<'microphone'> | Of<'speech'>,
  scene: Audible,
  saidBefore: string | undefined,
): HeardOf | 'mute' {
  const sound = scene.facts ? scene.facts.sound : scene.sound;
  if (subject.kind === 'speech') return scene.isTranscript ? said(subject, scene.text, saidBefore) : 'mute';
  if (!sound) return 'mute';
  // An audio index tells when something is heard; that it is heard no more, nothing tells there.
  const tellsOnlyPresence = !scene.facts;
  const heard = subject.kind === 'sound' ? soundOf(rule, subject, sound) : troubleOf(subject, sound);
  return heard !== 'mute' && heard.n === 0 && tellsOnlyPresence ? 'mute' : heard;
}

function soundOf({ relation }: RulePart, { labels, name }: Of<'sound'>, facts: SoundFacts): HeardOf | 'mute' {
  const { sounds, levelDb, pack } = facts;
  const wanted = labels.length === 0 ? sounds : sounds.filter(({ label }) => labels.includes(label));
  const [best] = [...wanted].sort((a, b) => b.score - a.score);
  if (best) return single('sound', true, best.score, nameOf(best.label, name, labels));
  if (labels.length === 0) return single('sound', levelDb >= AUDIBLE_DB, LEVEL_CONFIDENCE, name);
  const nobodyListened = pack === undefined && (relation === 'absent' || relation === 'leaves');
  return nobodyListened ? 'mute' : single('sound', false, 0, name);
}

/** "a siren" where an alarm was asked for and a siren was heard. */
function nameOf(label: string, asked: string, labels: readonly string[]): string {
  const kind = soundKindOf(label);
  const isPart = kind?.labels.every((one) => labels.includes(one)) ?? false;
  return kind && (isPart || labels.length === 0) ? kind.name : asked;
}

function troubleOf({ troubles }: Of<'microphone'>, { trouble }: SoundFacts): HeardOf {
  const name = trouble === 'clipped' ? 'was overloaded' : 'gave no sound at all';
  return single('microphone', trouble !== undefined && troubles.includes(trouble), TROUBLE_CONFIDENCE, name);
}

function said({ words, meant = false }: Of<'speech'>, text: string, before = ''): HeardOf {
  const share = sharePhrase(words, text, { before, meant });
  const quote = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE).trimEnd()}…` : text;
  return single('speech', share > 0, SPEECH_CONFIDENCE * share, `said "${quote}"`);
}

function single(tier: HeardOf['tier'], there: boolean, confidence: number, name: string): HeardOf {
  return { n: there ? 1 : 0, confidence, name, tier };
}
