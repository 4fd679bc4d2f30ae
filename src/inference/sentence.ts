import { type Box, type SceneFacts, type SceneObject, type SoundFacts, sayingOf, tellingLabels } from '#domain';
import type { IndexPlan } from '#prompts';

const PLURALS: Readonly<Record<string, string>> = {
  person: 'people',
  knife: 'knives',
  mouse: 'mice',
  sheep: 'sheep',
  skis: 'skis',
  scissors: 'scissors',
  broccoli: 'broccoli',
};
/** Luma below which a covered lens and a dark room can't be told apart. */
const DARK = 0.08;

/** Below this a picture looks like a phrase by chance. */
const ALIKE = 0.5;

/**
 * The facts in plain English, e.g. "2 people and a car; one person entered from the left; motion in the doorway zone". A plan
 * that names things wants to hear of these and of no others.
 */
export function describe(facts: SceneFacts, plan?: Pick<IndexPlan, 'interests' | 'aspects'>): string {
  const wanted = plan ? narrowed(facts, plan.interests) : facts;
  const colours = plan?.aspects.includes('colours') ?? false;
  const clauses = [
    ...troubles(facts),
    ...lights(facts),
    ...things(wanted, colours),
    ...events(wanted),
    ...people(wanted, plan?.aspects.includes('identity') ?? false),
    ...reading(facts),
    ...alike(facts),
    ...motion(facts),
  ];
  return clauses.join('; ');
}

/** Without what nobody asked for. */
function narrowed(facts: SceneFacts, interests: IndexPlan['interests']): SceneFacts {
  const labels = new Set(interests.flatMap((interest) => interest.labels));
  if (labels.size === 0) return facts;
  const isWanted = ({ label }: { label: string }) => labels.has(label);
  return {
    ...facts,
    objects: facts.objects.filter(isWanted),
    gone: facts.gone.filter(isWanted),
    counts: Object.fromEntries(Object.entries(facts.counts).filter(([label]) => labels.has(label))),
  };
}

/** More are a din that nobody reads. */
const MOST_SOUNDS = 3;

/** What was heard, in plain English: "a dog barks and a siren wails"; empty when nothing that has a name was. */
export function describeSound({ sounds, trouble }: Pick<SoundFacts, 'sounds' | 'trouble'>): string {
  const best = [...sounds].sort((a, b) => b.score - a.score).map(({ label }) => label);
  const heard = [...new Set(tellingLabels(best).map(sayingOf))].slice(0, MOST_SOUNDS);
  const texts = { dead: 'the microphone is dead', clipped: 'the sound is too loud to be understood' };
  return [...(trouble ? [texts[trouble]] : []), ...(heard.length > 0 ? [list(heard)] : [])].join('; ');
}

function troubles({ tamper, light }: SceneFacts): string[] {
  const covered = light.brightness < DARK ? 'the camera is covered or sees only darkness' : 'the camera is covered';
  const texts = { covered, blurred: 'the picture is blurred', moved: 'the camera was moved' };
  return tamper.map((kind) => texts[kind]);
}

function lights({ light }: SceneFacts): string[] {
  return light.change ? [`the lights went ${light.change}`] : [];
}

function things({ objects, counts, faces = [] }: SceneFacts, withColours: boolean): string[] {
  const found = Object.entries(counts)
    .sort((a, b) => b[1] - a[1])
    .map(([label, count]) => {
      const those = objects.filter((object) => object.label === label);
      const [first] = those;
      const colour = withColours && count === 1 && first?.colours?.[0] ? `${first.colours[0]} ` : '';
      return `${count === 1 ? withArticle(colour + label) : `${count} ${plural(label)}`}${zonesOf(those)}`;
    });
  if (faces.length > 0) found.push(faces.length === 1 ? 'a face' : `${faces.length} faces`);
  return found.length === 0 ? [] : [list(found)];
}

/** Numbers stand for looks, not for names. */
function people({ objects }: SceneFacts, wanted: boolean): string[] {
  const known = wanted ? [...new Set(objects.flatMap(({ who }) => (who === undefined ? [] : [who])))] : [];
  return known.length === 0 ? [] : [`${list(known.sort((a, b) => a - b).map((who) => `person #${who}`))} by looks`];
}

function reading({ texts = [] }: SceneFacts): string[] {
  const read = [...new Set(texts.map(({ text }) => `"${text}"`))];
  return read.length === 0 ? [] : [`it reads ${list(read)}`];
}

function alike({ likenesses = [] }: SceneFacts): string[] {
  const seen = likenesses.filter(({ score }) => score >= ALIKE).map(({ phrase }) => phrase);
  return seen.length === 0 ? [] : [`it looks like ${list(seen)}`];
}

/** " in the doorway zone", or nothing. */
function zonesOf(objects: readonly SceneObject[]): string {
  const zones = [...new Set(objects.flatMap((object) => object.zones))];
  return zones.length === 0 ? '' : ` in ${zoneNames(zones)}`;
}

function events({ objects, gone }: SceneFacts): string[] {
  const told = new Map<string, Map<string, number>>();
  const tell = (what: string, label: string) => {
    const labels = told.get(what) ?? new Map<string, number>();
    told.set(what, labels.set(label, (labels.get(label) ?? 0) + 1));
  };
  for (const { label, appeared, entered, crossed = [] } of objects) {
    if (appeared === 'in') tell('appeared', label);
    else if (appeared) tell(`entered from the ${appeared}`, label);
    if (entered.length > 0) tell(`entered ${zoneNames(entered)}`, label);
    if (crossed.length > 0) tell(`came through ${zoneNames(crossed)}`, label);
  }
  for (const { label } of gone) tell('left', label);
  return [...told].map(([what, labels]) => `${list([...labels].map(([label, n]) => counted(label, n)))} ${what}`);
}

function motion({ motion: { regions, zones } }: SceneFacts): string[] {
  const [largest] = regions;
  if (!largest) return ['all is still'];
  return [zones.length > 0 ? `motion in ${zoneNames(zones)}` : `motion ${placeOf(largest)}`];
}

function placeOf({ x1, x2 }: Box): string {
  if (x2 - x1 > 0.6) return 'across the picture';
  const centre = (x1 + x2) / 2;
  return centre < 0.36 ? 'on the left' : centre > 0.64 ? 'on the right' : 'in the middle';
}

function zoneNames(zones: readonly string[]): string {
  return list(zones.map((zone) => (/\bzone$/i.test(zone) ? `the ${zone}` : `the ${zone} zone`)));
}

function counted(label: string, count: number): string {
  return count === 1 ? `one ${label}` : `${count} ${plural(label)}`;
}

export function withArticle(label: string): string {
  return `${/^[aeiou]/.test(label) ? 'an' : 'a'} ${label}`;
}

function plural(label: string): string {
  return PLURALS[label] ?? (/(s|x|ch|sh)$/.test(label) ? `${label}es` : `${label}s`);
}

function list(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`;
}
