import type { Detection, Evidence, PackStamp, Rule } from '#domain';
import type { Happening } from './attend.ts';
import { look, type Seen } from './seen.ts';

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

/** Of what moves, where it does. */
function counted(rule: Rule, happening: Happening): Detection[] {
  const seen = look(rule, happening);
  if (seen === 'mute' || seen.n === 0) return [];
  const found = seen.tier === 'motion' ? regions(seen, happening) : seen.objects;
  return found
    .map(({ label, score, box }) => ({ label, score, box }))
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_OBJECTS);
}

function regions({ confidence }: Seen, { facts }: Happening): Detection[] {
  return (facts?.motion.regions ?? []).map((box) => ({ label: 'motion', score: confidence, box }));
}

/** All that had a part in the scene. */
function packsOf({ facts, sound = facts?.sound }: Happening): string[] {
  return [...(facts?.packs ?? []), ...(sound?.pack === undefined ? [] : [sound.pack])];
}
