import type { Box, Direction, Rule, RuleSubject, SceneFacts, SceneObject } from '#domain';
import { isAboutMoving } from './moving.ts';
import { BEFORE_MS, LONG_MS, SHORT_MS, type Story, story } from './story.ts';
import { directionWords, durationWords, looking, placeWords, withArticle } from './understood.ts';

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
  if (rule.size) stories.unshift(otherSize(rule, one, label));
  if (isAboutMoving(rule)) return [...moving(rule, one, label), ...stories];
  return count ? [...counted(rule, what, label), ...stories] : stories;
}

const CENTRES = [0.1, 0.3, 0.5, 0.7, 0.9] as const;
const SIZES = [0.1, 0.15, 0.22, 0.33, 0.5] as const;

/** Across the picture or along the way to and from the camera, there and back. */
function moving(rule: Rule, one: string, label: string): Story[] {
  const direction = rule.direction ?? 'towards';
  const isDepth = direction === 'towards' || direction === 'away';
  const backwards = direction === 'left' || direction === 'up' || direction === 'away';
  const forwards = isDepth ? SIZES.map((size) => boxAt(0.5, 0.5, size)) : CENTRES.map((at) => placed(direction, at));
  const path = backwards ? [...forwards].reverse() : forwards;
  const walk = (boxes: readonly Box[]) =>
    boxes.map((box) => ({ forMs: 5000, facts: seen([anObject(label, rule, { box })]) }));
  const [from = anObject(label, rule, {}).box] = path;
  const words =
    rule.relation === 'approaches'
      ? `gets nearer to ${rule.zone === undefined ? 'the camera' : placeWords(rule.zone)}`
      : `moves ${directionWords(direction)}`;
  return [
    story(`${one} ${words} for ${durationWords(path.length * 5000)}`, walk(path)),
    story(`${one} moves the other way`, walk([...path].reverse())),
    story(`${one} stays where it is for ${durationWords(LONG_MS)}`, [
      { forMs: LONG_MS, facts: seen([anObject(label, rule, { box: from })]) },
    ]),
  ];
}

function placed(direction: Direction, at: number): Box {
  return direction === 'left' || direction === 'right' ? boxAt(at, 0.5, 0.15) : boxAt(0.5, at, 0.15);
}

function boxAt(x: number, y: number, size: number): Box {
  const half = size / 2;
  return { x1: x - half, y1: y - half, x2: x + half, y2: y + half };
}

/** Neither large nor small. */
function otherSize(rule: Rule, one: string, label: string): Story {
  const box = rule.size?.op === '>=' ? boxAt(0.5, 0.5, 0.05) : boxAt(0.5, 0.5, 0.6);
  const other = rule.size?.op === '>=' ? one.replace('large', 'small') : one.replace('small', 'large');
  const forMs = (rule.forMs ?? LONG_MS) + SHORT_MS;
  return story(`${other} comes into ${placeWords(rule.zone)}`, [
    { forMs: BEFORE_MS, facts: seen([]) },
    { forMs, facts: seen([anObject(label, rule, { ...arriving(rule.zone), box })]) },
  ]);
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

function anObject(label: string, { zone, colour, size }: Rule, of: Partial<SceneObject>): SceneObject {
  const there = zone === undefined ? [] : [zone];
  const colours = colour === undefined ? {} : { colours: [colour] };
  const box = size ? boxAt(0.5, 0.5, Math.sqrt(size.share) * (size.op === '>=' ? 1.1 : 0.9)) : USUAL;
  return { label, score: 0.9, box, track: 1, zones: there, entered: [], sinceMs: 0, ...colours, ...of };
}

const USUAL: Box = { x1: 0.4, y1: 0.4, x2: 0.5, y2: 0.8 };

function arriving(zone: string | undefined): Partial<SceneObject> {
  return { appeared: 'left', ...(zone === undefined ? {} : { entered: [zone] }) };
}

function seen(objects: SceneObject[]): Partial<SceneFacts> {
  const counts: Record<string, number> = {};
  for (const { label } of objects) counts[label] = (counts[label] ?? 0) + 1;
  return { objects, counts };
}
