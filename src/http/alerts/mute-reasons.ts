import {
  isOtherThing,
  listens,
  partsOf,
  type Rule,
  type RulePart,
  type SceneIndex,
  type Stream,
  shareOfWords,
  toldByAudio,
} from '#domain';
import { planFor } from '#prompts';
import type { HttpDeps } from '../deps.ts';
import { givesNoPictures } from '../streams/sound-only.ts';

/** The parts that see and hear. */
type Senses = Pick<HttpDeps, 'store' | 'inference' | 'listening' | 'supervisor'> & { tellers?: { present: boolean } };

/** Why a rule that is armed on the index can't fire yet: said at once, since such an alert would otherwise be silent. */
export function muteReasons(rule: Rule, index: SceneIndex, stream: Stream, senses: Senses): string[] {
  return [
    ...new Set(partsOf(rule).flatMap((part) => zoneReasons(part, stream))),
    ...(rule.subject.kind === 'parts' ? besideReasons(partsOf(rule), index, senses) : indexReasons(rule, index)),
    ...wordReasons(rule, index, senses),
    ...packReasons(rule, senses),
    ...(listens(rule) ? soundReasons(rule, stream, senses) : pictureReasons(index, stream, senses)),
  ];
}

function zoneReasons({ zone }: RulePart, { id, name, zones }: Stream): string[] {
  if (zone === undefined || zones.some((known) => known.name.toLowerCase() === zone.toLowerCase())) return [];
  return [`the camera "${name}" has no zone "${zone}" yet: PUT /v1/streams/${id}/zones sets it`];
}

/** What is seen and what is heard are told by different indexes. */
function indexReasons(rule: Rule, { extraction }: SceneIndex): string[] {
  const { subject } = rule;
  if (subject.kind === 'text') return [];
  const audio = extraction.type === 'transcript';
  if (audio && !listens(rule)) return ['the rule is about what is seen and this index only hears: arm it on another'];
  if (!audio && subject.kind === 'speech')
    return ['the rule is about what is said and this index only sees: arm it on one with extraction_type "transcript"'];
  if (audio && !toldByAudio(rule))
    return ['this index tells what is said and which sounds begin, and no more: arm the rule on one that sees'];
  return [];
}

/** What the index doesn't tell, another one of the camera must. */
function besideReasons(parts: readonly RulePart[], { streamId, extraction }: SceneIndex, { store }: Senses): string[] {
  const running = store.indexes.listRunning(streamId);
  const hears = (one: Pick<SceneIndex, 'extraction'>) => one.extraction.type === 'transcript';
  const ears = parts.some(({ subject }) => subject.kind === 'speech') && !hears({ extraction }) && !running.some(hears);
  const eyes = parts.some((part) => part.not === true || !toldByAudio(part));
  const blind = eyes && hears({ extraction }) && running.every(hears);
  return [
    ...(ears ? ['a part is about what is said: start an index with extraction_type "transcript" beside this one'] : []),
    ...(blind ? ['a part is told by what is seen: start an index that sees beside this one'] : []),
  ];
}

/** What no detector has a label for is told of by indexes whose prompt names it, or by a model that follows instructions. */
function wordReasons({ subject }: Rule, { extraction, prompt, modelName }: SceneIndex, senses: Senses): string[] {
  const followed = (modelName === 'pro' || modelName === 'ultra') && senses.tellers?.present === true;
  if (subject.kind !== 'text' || extraction.type === 'transcript' || followed) return [];
  const compared = subject.sentence !== undefined && modelName !== 'mini' && senses.inference.has('image-text');
  if (compared) return [];
  const things = subject.words.filter((word) => isOtherThing(word));
  const { phrases } = planFor(prompt);
  const unnamed = things.filter((word) => !phrases.some((phrase) => shareOfWords([word], phrase) === 1));
  if (unnamed.length > 0) return [`nothing looks for ${unnamed.join(', ')}: name it in the prompt of the index`];
  if (things.length === 0 || senses.inference.has('image-text')) return [];
  return [
    `${things.join(', ')}: no model that compares pictures with texts is installed, "watchpost models pull" gets one`,
  ];
}

/** Which packs it lacks. */
export function packReasons(
  { needs }: Rule,
  { inference, listening }: Pick<Senses, 'inference' | 'listening'>,
): string[] {
  const missing: Readonly<Record<string, readonly [what: string, isMissing: boolean]>> = {
    'object-detection': ['an object detector', inference.status().state === 'none'],
    'sound-classification': ['a model that knows sounds', listening.status().sounds.state === 'none'],
    'speech-recognition': ['a speech model', !listening.speechAvailable],
  };
  return needs.flatMap((need) => {
    const [what, isMissing] = missing[need] ?? ['', false];
    return isMissing ? [`the rule needs ${what} and none is installed: "watchpost models pull" gets one`] : [];
  });
}

function pictureReasons({ extraction }: SceneIndex, stream: Stream, senses: Senses): string[] {
  const isBlind = extraction.type !== 'transcript' && givesNoPictures(stream, senses);
  return isBlind ? [`the stream "${stream.name}" sends sound only: nothing is seen of it`] : [];
}

function soundReasons(rule: Rule, { id, name, transcription }: Stream, { supervisor }: Senses): string[] {
  const facts = supervisor.status().find(({ streamId }) => streamId === id)?.facts;
  const reasons: string[] = [];
  if (facts && facts.audioCodec === undefined) reasons.push(`the camera "${name}" sends no sound`);
  const speaks = partsOf(rule).some((part) => part.subject.kind === 'speech');
  if (speaks && !transcription.wanted)
    reasons.push(`nothing is written down: POST /rtstream/${id}/transcription {"action": "start"} begins it`);
  return reasons;
}
