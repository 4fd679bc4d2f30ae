import { type Detection, type Evidence, type PackStamp, partsOf, type Rule } from '#domain';
import type { Happening } from './attend.ts';
import { look } from './seen.ts';

/** More than a person looks at. */
const MOST_OBJECTS = 20;

/** What is kept of why a rule fired: the rule itself, what it counted, who saw it, and how sure it had to be. */
export function evidenceOf(
  rule: Rule,
  happening: Happening,
  { threshold, stampOf }: { threshold?: number | undefined; stampOf: (pack: string) => PackStamp | undefined },
): Evidence {
  const packs = packsOf(happening);
  const objects = counted(rule, happening);
  return {
    rule,
    packs,
    models: packs.flatMap((pack) => stampOf(pack) ?? []),
    sceneText: happening.text,
    window: { startMs: happening.startMs, endMs: happening.endMs },
    ...(objects.length > 0 ? { objects } : {}),
    ...(threshold === undefined ? {} : { threshold }),
  };
}

/** Of what must not be there, nothing. */
function counted(rule: Rule, happening: Happening): Detection[] {
  const wanted = partsOf(rule).filter(({ not }) => !not);
  const found = new Set(wanted.flatMap((part) => seenOf({ ...rule, ...part }, happening)));
  return [...found]
    .map(({ label, score, box }) => ({ label, score, box }))
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_OBJECTS);
}

/** Of what moves, where it does. */
function seenOf(rule: Rule, happening: Happening): readonly Detection[] {
  const seen = look(rule, happening);
  if (seen === 'mute' || seen.n === 0) return [];
  if (seen.tier !== 'motion') return seen.objects;
  return (happening.facts?.motion.regions ?? []).map((box) => ({ label: 'motion', score: seen.confidence, box }));
}

/** All that had a part in the scene. */
function packsOf({ facts, sound = facts?.sound, comparedBy }: Happening): string[] {
  const heardBy = sound?.pack === undefined ? [] : [sound.pack];
  return [...new Set([...(facts?.packs ?? []), ...heardBy, ...(comparedBy === undefined ? [] : [comparedBy])])];
}
