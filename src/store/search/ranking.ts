/** A small floor keeps unrelated hits out when nobody asks for a threshold. */
const FLOOR = 0.15;
/** Cosine that texts with nothing in common still reach. */
export const UNRELATED = 0.25;
/** What a full match is worth by words alone, and by meaning alone. */
export const WORDS_WEIGHT = 0.8;
const MEANING_WEIGHT = 0.9;

/** What narrows a search down, whatever it searches. */
export interface Narrowing {
  limit: number;
  /** 0–1; hits below it are left out. */
  scoreThreshold?: number;
  /** 0–100: only the hits in this upper part of the range from the lowest score to the highest. */
  dynamicPercentage?: number;
  /** Each `{key: value}` must be in a hit's metadata. */
  filter?: readonly Record<string, unknown>[];
}

/**
 * Words and meaning each add certainty. Half the words are worth less than half: what is missing usually matters. The
 * same score means the same for every query.
 */
export function scoreOf(coverage: number, cosine: number): number {
  const words = WORDS_WEIGHT * Math.min(1, coverage) ** 1.5;
  const meaning = MEANING_WEIGHT * Math.min(1, Math.max(0, (cosine - UNRELATED) / (1 - UNRELATED)));
  return 1 - (1 - words) * (1 - meaning);
}

/** What a picture that surely shows what is asked for is worth: its words may say more. */
const PICTURE_WEIGHT = 0.9;
/** How much of this is left to how near it is to the text, which tells those that are all sure apart. */
const NEARNESS_SHARE = 0.2;

/** How a query is compared with vectors of pictures: sure by the logistic function of `slope` × cosine + `offset`. */
export interface PictureLikeness {
  vector: Float32Array;
  model: string;
  slope: number;
  offset: number;
  /** The text's own vector, where `vector` is another. */
  text?: Float32Array;
}

/**
 * What a picture at this cosine adds: nothing while it is likelier something else. `nearness` is its cosine to the text's
 * own vector.
 */
export function pictureScore(cosine: number, { slope, offset }: PictureLikeness, nearness = 1): number {
  const sure = 1 / (1 + Math.exp(-(slope * cosine + offset)));
  return PICTURE_WEIGHT * sure * (1 - NEARNESS_SHARE * (1 - Math.max(0, nearness)));
}

/** The cosine from which on a picture counts; above 1 when none does. */
export function leastCosine({ slope, offset }: PictureLikeness): number {
  const least = Math.log(FLOOR / (PICTURE_WEIGHT - FLOOR));
  return slope > 0 ? (least - offset) / slope : 2;
}

/** The best of the hits, best first, the newer (or later) first among equals. */
export function best<T extends { id: number; startMs: number; score: number }>(
  hits: readonly T[],
  { limit, scoreThreshold = FLOOR, dynamicPercentage }: Narrowing,
): T[] {
  const good = hits.filter(({ score }) => score > 0 && score >= scoreThreshold);
  const scores = good.map(({ score }) => score);
  const span = Math.max(...scores) - Math.min(...scores);
  const least = dynamicPercentage === undefined ? 0 : Math.max(...scores) - (span * dynamicPercentage) / 100;
  return good
    .filter(({ score }) => score >= least)
    .sort((a, b) => b.score - a.score || b.startMs - a.startMs || b.id - a.id)
    .slice(0, limit);
}

/** Whether the metadata has every value asked for: equal, in a list, or as a label or key of what is there. */
export function matchesFilter(metadata: unknown, filter: Narrowing['filter'] = []): boolean {
  return filter.every((wanted) =>
    Object.entries(wanted).every(([key, value]) => holds(memberOf(metadata, key), value)),
  );
}

/** `label` stands for what was counted; keys may be written in either case. */
function memberOf(metadata: unknown, key: string): unknown {
  if (!isObject(metadata)) return undefined;
  const name = key === 'label' && !Object.hasOwn(metadata, key) ? 'counts' : key;
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (Object.hasOwn(metadata, name)) return metadata[name];
  return Object.hasOwn(metadata, camel) ? metadata[camel] : undefined;
}

function holds(found: unknown, value: unknown): boolean {
  if (Array.isArray(found)) return found.some((member) => holds(member, value));
  if (isObject(found)) {
    const named = [found['label'], found['name']].some((name) => name !== undefined && holds(name, value));
    return named || (typeof value === 'string' && Object.hasOwn(found, value));
  }
  return isPlain(found) && isPlain(value) && String(found).toLowerCase() === String(value).toLowerCase();
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
