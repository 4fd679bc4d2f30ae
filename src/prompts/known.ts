import { colourCalled, labelsFor, meaningfulWords, type SceneFacts, type SceneObject, singular } from '#domain';

/** Below this a phrase is not what the picture shows. */
const ALIKE = 0.5;
const SUMMARY =
  /\b(?:summary|description|describe|caption|sentence|narrative|overview|happens|happening)\b|^scene(?::|$)/;
const WRITTEN = /\b(?:texts?|written|writing|words|ocr|plates?|signs?|letters|inscription)\b/;
const FACES = /\bfaces?\b/;
const COLOUR = /\bcolou?rs?\b/;
const THINGS = /\b(?:objects?|things?|items?|labels?|detections?|subjects?|entities)\b/;
const MOTION = /\b(?:motion|movement|moving|moves?)\b/;
const TAMPER = /\b(?:tamper(?:ed|ing)?|covered|blocked|blurred|blurry)\b/;
const DARK = /\b(?:dark|night)\b/;
const LIGHT = /\b(?:lights?|bright(?:ness)?|lit|daylight)\b/;
const AMOUNT = /\b(?:counts?|number|total|how many|amount)\b/;
/** The mean luma from which the lights are on, or it is day. */
const LIT = 0.25;

/** What one scene's facts and sentence say about a wanted value; undefined where nobody looked, or nothing tells. */
export class Known {
  readonly #facts: SceneFacts;
  readonly #text: string;
  readonly #detected: boolean;

  constructor(facts: SceneFacts, text: string) {
    this.#facts = facts;
    this.#text = text;
    this.#detected = facts.packs.some((pack) => pack !== 'built-in');
  }

  number(hint: string): number | undefined {
    const { texts, faces, light, motion } = this.#facts;
    if (FACES.test(hint)) return faces?.length;
    const labels = labelsIn(hint);
    if (labels.length > 0) return this.#count(hint, labels);
    if (WRITTEN.test(hint)) return texts?.length;
    if (/\bbrightness\b/.test(hint)) return rounded(light.brightness);
    if (MOTION.test(hint)) return rounded(motion.amount);
    return AMOUNT.test(hint) || THINGS.test(hint) ? this.#all() : undefined;
  }

  flag(hint: string): boolean | undefined {
    const { texts, faces, light, motion, tamper } = this.#facts;
    if (FACES.test(hint)) return faces && faces.length > 0;
    if (TAMPER.test(hint)) return tamper.length > 0;
    const labels = labelsIn(hint);
    if (labels.length > 0) {
      const count = this.#count(hint, labels);
      return count === undefined ? undefined : /\b(?:empty|no|without|absent)\b/.test(hint) ? count === 0 : count > 0;
    }
    if (WRITTEN.test(hint)) return texts && texts.length > 0;
    if (MOTION.test(hint)) return motion.amount > 0;
    if (DARK.test(hint)) return light.brightness < LIT;
    if (LIGHT.test(hint)) return light.brightness >= LIT;
    return this.#alike(hint);
  }

  text(hint: string): string | undefined {
    const { texts, light } = this.#facts;
    if (WRITTEN.test(hint)) return texts?.map(({ text }) => text).join(' ');
    if (COLOUR.test(hint)) return this.#colours(hint)?.[0];
    if (SUMMARY.test(hint)) return this.#text;
    const labels = labelsIn(hint);
    if (labels.length > 0) return this.#objects(hint, labels)?.map(({ label }) => label)[0];
    if (THINGS.test(hint)) return this.#labels()?.[0];
    if (LIGHT.test(hint)) return light.brightness >= LIT ? 'light' : 'dark';
    if (MOTION.test(hint)) return this.#facts.motion.amount > 0 ? 'motion' : 'still';
    return undefined;
  }

  list(hint: string): string[] | undefined {
    const { texts } = this.#facts;
    if (WRITTEN.test(hint)) return texts?.map(({ text }) => text);
    if (COLOUR.test(hint)) return this.#colours(hint);
    const labels = labelsIn(hint);
    if (labels.length > 0) return this.#objects(hint, labels)?.map(({ label }) => label);
    return THINGS.test(hint) ? this.#labels() : undefined;
  }

  /** One scene for each thing that the hint means, or for each there is, so that a shape can be filled for it. */
  each(hint: string): Known[] | undefined {
    const labels = labelsIn(hint);
    const objects = labels.length > 0 ? this.#objects(hint, labels) : this.#detected ? this.#facts.objects : undefined;
    return objects?.map((object) => {
      const counts = { [object.label]: 1 };
      const colours = object.colours ?? [];
      return new Known({ ...this.#facts, objects: [object], counts, colours }, object.label);
    });
  }

  /** What belongs to the one thing that this scene is about, in a shape filled for each of them. */
  own(key: string): unknown {
    const [object] = this.#facts.objects;
    if (!object || this.#facts.objects.length !== 1) return undefined;
    if (/^(?:label|type|kind|class|category|name|object)$/.test(key)) return object.label;
    if (/^(?:score|confidence)$/.test(key)) return rounded(object.score);
    if (/^(?:id|track|identity|who)$/.test(key)) return object.who ?? object.track;
    if (/^(?:zone|zones|place|location|position|where)$/.test(key)) return placeOf(object);
    if (/^(?:box|bounding box|bbox)$/.test(key)) return object.box;
    return undefined;
  }

  #count(hint: string, labels: readonly string[]): number | undefined {
    if (!this.#detected) return undefined;
    if (coloursIn(hint).length > 0) return this.#objects(hint, labels)?.length;
    const { counts, objects } = this.#facts;
    const atOnce = labels.reduce((sum, label) => sum + (counts[label] ?? 0), 0);
    return atOnce || objects.filter(({ label }) => labels.includes(label)).length;
  }

  #all(): number | undefined {
    if (!this.#detected) return undefined;
    return Object.values(this.#facts.counts).reduce((sum, count) => sum + count, 0);
  }

  #labels(): string[] | undefined {
    return this.#detected ? [...new Set(this.#facts.objects.map(({ label }) => label))] : undefined;
  }

  /** Undefined too when it is about colours that nobody looked for. */
  #objects(hint: string, labels: readonly string[]): SceneObject[] | undefined {
    if (!this.#detected) return undefined;
    const named = this.#facts.objects.filter(({ label }) => labels.includes(label));
    const colours = coloursIn(hint);
    if (colours.length === 0) return named;
    if (named.some((object) => object.colours === undefined)) return undefined;
    return named.filter((object) => object.colours?.some((colour) => colours.includes(colour)));
  }

  #colours(hint: string): string[] | undefined {
    const labels = labelsIn(hint);
    if (labels.length === 0) return this.#facts.colours;
    const objects = this.#objects(hint, labels);
    if (!objects || objects.some(({ colours }) => colours === undefined)) return undefined;
    return [...new Set(objects.flatMap(({ colours }) => colours ?? []))];
  }

  /** By a phrase of the prompt that has the words of the hint. */
  #alike(hint: string): boolean | undefined {
    const words = meaningfulWords(hint).map(singular);
    const same = this.#facts.likenesses?.find(({ phrase }) => {
      const told = meaningfulWords(phrase).map(singular);
      return told.length > 0 && told.every((word) => words.includes(word));
    });
    return same && same.score >= ALIKE;
  }
}

function labelsIn(hint: string): string[] {
  const words = hint.toLowerCase().split(/[^\p{L}]+/u);
  const pairs = words.map((word, i) => `${word} ${words[i + 1] ?? ''}`);
  return [...new Set([...pairs, ...words].flatMap((phrase) => labelsFor(phrase)))].filter(
    (label) => label !== 'orange',
  );
}

function coloursIn(hint: string): string[] {
  return hint.split(/[^\p{L}]+/u).flatMap((word) => colourCalled(word) ?? []);
}

function placeOf({ zones, box }: SceneObject): string {
  const x = (box.x1 + box.x2) / 2;
  return zones[0] ?? (x < 1 / 3 ? 'left' : x > 2 / 3 ? 'right' : 'middle');
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
