import type { Rule, RuleSubject, SceneFacts, SceneObject } from '#domain';
import { BEFORE_MS, LONG_MS, SHORT_MS, type Story, story } from './story.ts';
import { durationWords, looking, placeWords, withArticle } from './understood.ts';

const OTHERS = ['dog', 'car', 'person', 'cat'] as const;

/** Around things that a detector knows. */
export function objectStories(rule: Rule, { name, labels }: Extract<RuleSubject, { kind: 'object' }>): Story[] {
  const { zone, colour, count } = rule;
  const where = placeWords(zone);
  const what = looking(name, rule);
  const one = withArticle(name === 'someone' && colour !== undefined ? looking('person', rule) : what);
  const label = labels[0] ?? name;
  const other = OTHERS.find((known) => !labels.includes(known)) ?? 'bird';
  const thing = (of: Partial<SceneObject> = {}) => anObject(label, rule, of);
  const inside = (forMs: number, of: Partial<SceneObject> = {}) => ({ forMs, facts: seen([thing(of)]) });
  const arrives = (of: Partial<SceneObject> = {}) => inside(5000, { ...arriving(zone), ...of });
  const nobody = (forMs: number) => ({ forMs, facts: seen([]) });
  const longMs = (rule.forMs ?? LONG_MS) + SHORT_MS;
  const shortMs = Math.min(SHORT_MS, (rule.forMs ?? LONG_MS) / 2);
  const stories = [
    story(`${one} comes into ${where} and is still there after ${durationWords(longMs)}`, [
      nobody(BEFORE_MS),
      arrives(),
      inside(longMs),
    ]),
    story(`${one} comes into ${where} and goes again after ${durationWords(shortMs)}`, [
      nobody(BEFORE_MS),
      arrives(),
      inside(Math.max(0, shortMs - 5000)),
      nobody(SHORT_MS),
    ]),
    ...(zone === undefined ? [] : [passing(one, rule, label), outside(one, rule, label)]),
    ...(colour === undefined ? [] : [otherColour(rule, name, label)]),
    story(`${one} has been in ${where} all along and is gone for ${durationWords(longMs)}`, [
      inside(LONG_MS),
      nobody(longMs),
    ]),
    story(`nothing is in ${where} for ${durationWords(longMs)}`, [nobody(longMs)]),
    story(`${one} stays in ${where} the whole time`, [inside(longMs * 2)]),
    story(`${withArticle(other)} comes into ${where}, and no ${what}`, [
      nobody(BEFORE_MS),
      { forMs: SHORT_MS, facts: seen([anObject(other, rule, arriving(zone))]) },
    ]),
  ];
  return count ? [...counted(rule, what, label), ...stories] : stories;
}

function passing(one: string, rule: Rule, label: string): Story {
  const { zone = '' } = rule;
  const away = { zones: [], entered: [] };
  return story(`${one} passes through ${placeWords(zone)} without a stop`, [
    { forMs: 10_000, facts: seen([anObject(label, rule, away)]) },
    { forMs: 5000, facts: seen([anObject(label, rule, { ...away, crossed: [zone] })]) },
    { forMs: 10_000, facts: seen([anObject(label, rule, away)]) },
  ]);
}

function outside(one: string, rule: Rule, label: string): Story {
  const away = { zones: [], entered: [], appeared: 'left' as const };
  return story(`${one} is in the picture for ${durationWords(LONG_MS)}, but never in ${placeWords(rule.zone)}`, [
    { forMs: BEFORE_MS, facts: seen([]) },
    { forMs: LONG_MS, facts: seen([anObject(label, rule, away)]) },
  ]);
}

function otherColour(rule: Rule, name: string, label: string): Story {
  const colour = rule.colour === 'blue' ? 'green' : 'blue';
  const long = (rule.forMs ?? LONG_MS) + SHORT_MS;
  const one = withArticle(looking(name === 'someone' ? 'person' : name, { ...rule, colour }));
  return story(`${one} comes into ${placeWords(rule.zone)}`, [
    { forMs: BEFORE_MS, facts: seen([]) },
    { forMs: long, facts: seen([anObject(label, rule, { ...arriving(rule.zone), colours: [colour] })]) },
  ]);
}

function counted(rule: Rule, what: string, label: string): Story[] {
  const value = rule.count?.value ?? 1;
  const forMs = (rule.forMs ?? 0) + SHORT_MS;
  const plural = /^person\b/.test(what) ? what.replace('person', 'people') : `${what}s`;
  return [value + 1, value, value - 1]
    .filter((n) => n >= 0)
    .map((n) => {
      const all = Array.from({ length: n }, (_, i) => anObject(label, rule, { track: i + 1 }));
      const words = n === 1 ? `${withArticle(what)} is` : `${n === 0 ? 'no' : n} ${plural} are`;
      return story(`${words} in ${placeWords(rule.zone)} at once for ${durationWords(forMs)}`, [
        { forMs, facts: seen(all) },
      ]);
    });
}

function anObject(label: string, { zone, colour }: Rule, of: Partial<SceneObject>): SceneObject {
  const there = zone === undefined ? [] : [zone];
  const colours = colour === undefined ? {} : { colours: [colour] };
  const box = { x1: 0.4, y1: 0.4, x2: 0.5, y2: 0.8 };
  return { label, score: 0.9, box, track: 1, zones: there, entered: [], sinceMs: 0, ...colours, ...of };
}

function arriving(zone: string | undefined): Partial<SceneObject> {
  return { appeared: 'left', ...(zone === undefined ? {} : { entered: [zone] }) };
}

function seen(objects: SceneObject[]): Partial<SceneFacts> {
  const counts: Record<string, number> = {};
  for (const { label } of objects) counts[label] = (counts[label] ?? 0) + 1;
  return { objects, counts };
}
