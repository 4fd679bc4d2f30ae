import type { Rule, RulePart, RuleSubject, SceneFacts, SoundFacts } from '#domain';
import { firedIn, NOTHING, type Play, scenesOf } from './plays.ts';
import type { SceneView } from './simple.ts';
import { storiesOf } from './stories.ts';
import { BEFORE_MS, type Story } from './story.ts';

/** What makes one part so, and what doesn't. */
interface Choice {
  so: Story | undefined;
  otherwise: Story | undefined;
  /** How long after the story's begin it is so. */
  afterMs: number;
}

/** What fires all parts at once, what leaves one of them out, and what fires only one. */
export function joinedPlays({ parts }: Extract<RuleSubject, { kind: 'parts' }>): Play[] {
  const choices = parts.map((part) => choiceOf(part, parts));
  const all = parts.map(() => true);
  const none = parts.map(() => false);
  const wanted = [
    all,
    ...parts.map((_, i) => all.map((one, k) => (k === i ? !one : one))),
    ...parts.map((_, i) => none.map((one, k) => (k === i ? !one : one))),
    none,
  ];
  const plays = wanted.flatMap((which) => playOf(choices, which) ?? []);
  return plays.filter(({ text }, i) => plays.findIndex((one) => one.text === text) === i);
}

function choiceOf({ not, ...part }: RulePart, all: readonly RulePart[]): Choice {
  const stories = storiesOf(ruleOf(part)).map((story) => (part.subject.kind === 'speech' ? later(story) : story));
  const fired = stories.map((story) => ({ story, at: firedAt(part, story) }));
  const yes = fired.flatMap(({ story, at }) => (at === undefined ? [] : [{ story, at }]));
  const silent = fired.filter(({ at }) => at === undefined).map(({ story }) => story);
  // Best nothing of the rule is in what doesn't fire a part of it.
  const no = silent.find((story) => all.every((other) => firedAt(other, story) === undefined)) ?? silent[0];
  const [first] = yes;
  // From the beginning to the end, if there is such a story: it comes after those that end.
  const soonest = yes.reduce<(typeof yes)[number] | undefined>(
    (best, one) => (best && best.at < one.at ? best : one),
    undefined,
  );
  return not
    ? { so: no, otherwise: soonest?.story, afterMs: 0 }
    : { so: first?.story, otherwise: no, afterMs: first?.at ?? 0 };
}

function firedAt({ not: _not, ...part }: RulePart, story: Story): number | undefined {
  return firedIn(ruleOf(part), scenesOf(story, 0))?.startMs;
}

function ruleOf(part: Omit<RulePart, 'not'>): Rule {
  return { version: 2, ...part, needs: [], understood: '' };
}

function later({ text, moments }: Story): Story {
  return { text, moments: [{ forMs: BEFORE_MS }, ...moments] };
}

/** All of them at once, so that what happens in a moment happens at the same time. */
function playOf(choices: readonly Choice[], which: readonly boolean[]): Play | undefined {
  const latestMs = Math.max(...choices.map(({ afterMs }) => afterMs));
  const stories = choices.flatMap(({ so, otherwise, afterMs }, i) => {
    const story = which[i] ? so : otherwise;
    return story ? [delayed(story, latestMs - afterMs)] : [];
  });
  if (stories.length < choices.length) return undefined;
  return {
    text: stories.map(({ text }) => text).join('; meanwhile '),
    play: (startMs) => stories.map((story) => scenesOf(story, startMs)).reduce(laidOver),
  };
}

/** With a longer beginning. */
function delayed({ text, moments }: Story, byMs: number): Story {
  const [first] = moments;
  if (!first || byMs === 0) return { text, moments };
  const before = first.isTranscript ? { forMs: byMs } : { ...first, forMs: byMs };
  return { text, moments: [before, ...moments] };
}

/** Both at once, in pieces as short as either needs; the shorter one goes on as it ended. */
function laidOver(one: readonly SceneView[], other: readonly SceneView[]): SceneView[] {
  const said = [...one, ...other].filter(({ isTranscript }) => isTranscript);
  const seen = [one, other].map((scenes) => scenes.filter(({ facts }) => facts));
  const ends = [...new Set(seen.flat().flatMap(({ startMs, endMs }) => [startMs, endMs]))].sort((a, b) => a - b);
  const both = ends.slice(1).map((endMs, i): SceneView => {
    const startMs = ends[i] ?? endMs;
    const facts = seen.map((scenes) => (scenes.findLast((scene) => scene.startMs <= startMs) ?? scenes[0])?.facts);
    return { startMs, endMs, text: '', facts: merged(facts[0] ?? NOTHING, facts[1] ?? NOTHING) };
  });
  return [...both, ...said].sort((a, b) => a.endMs - b.endMs);
}

/** Tracks of the other are numbered apart. */
function merged(one: SceneFacts, other: SceneFacts): SceneFacts {
  const counts = { ...one.counts };
  for (const [label, n] of Object.entries(other.counts)) counts[label] = (counts[label] ?? 0) + n;
  const sound = one.sound && other.sound ? bothHeard(one.sound, other.sound) : (one.sound ?? other.sound);
  return {
    ...one,
    objects: [...one.objects, ...other.objects.map((object) => ({ ...object, track: object.track + 100 }))],
    counts,
    motion: other.motion.amount > one.motion.amount ? other.motion : one.motion,
    light: other.light.change ? other.light : one.light,
    tamper: [...one.tamper, ...other.tamper],
    ...(sound ? { sound } : {}),
  };
}

function bothHeard(one: SoundFacts, other: SoundFacts): SoundFacts {
  const sounds = [...one.sounds, ...other.sounds];
  return { ...one, ...other, sounds, levelDb: Math.max(one.levelDb, other.levelDb) };
}
