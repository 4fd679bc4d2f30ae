import { COLOUR_WORDS } from '#domain';
import type { Aspect } from './index-plan.ts';

const ASPECTS: readonly (readonly [Aspect, RegExp])[] = [
  ['faces', /\bfac(?:e|es|ial)\b|\blook(?:s|ing)? (?:at|into|towards?) the camera\b/],
  [
    'text',
    /\b(?:texts?|written|writing|reads?|reading|ocr|captions?|letters|lettering|words|inscriptions?|serial numbers?)\b|\b(?:licen[cs]e|number|registration) ?plates?\b|\bplates?\b|(?<!stop )\bsigns?\b(?! of)|\bsign ?boards?\b/,
  ],
  ['colours', new RegExp(String.raw`\bcolou?r(?:s|ed)?\b|\b(?:${COLOUR_WORDS.join('|')})\b`)],
  [
    'identity',
    /\b(?:same|different|unique|distinct|individual) (?:person|people|man|woman|individuals?|visitors?|vehicles?|cars?|animals?|dogs?|cats?|ones?)\b|\bre-?identif|\bwho (?:is|was|comes|came)\b|\b(?:comes?|came|coming|returns?) (?:back|again)\b|\bidentity\b|\breturning\b|\bagain\b/,
  ],
  [
    'activity',
    /\bactivit(?:y|ies)\b|\bactions?\b|\bbehaviou?rs?\b|\bdoing\b|\bwhat\b[^.?!]{0,40}\bdo(?:es)?\b(?=\s*(?:[.?!,;]|$|there|here|in|at|with|and))|\bhow\b[^.?!]{0,30}\b(?:behaves?|moves?|works?)\b/,
  ],
  ['motion', /\bmotion\b|\bmovements?\b|\bmov(?:es?|ing|ed)\b/],
  [
    'light',
    /\blight(?:s|ing)?\b(?! (?:blue|green|red|gray|grey|brown))(?<!traffic lights?)|\bbrightness\b|\bbright\b|\bdark(?:ness)?\b|\blamps?\b/,
  ],
  [
    'tamper',
    /\b(?:camera|lens|picture|image|view)\b[^.?!]{0,30}\b(?:cover(?:ed)?|block(?:ed)?|obstruct(?:ed)?|blur(?:red|ry)?|dirty|moved|turned|shifted|tamper(?:ed)?|out of focus)\b|\btamper(?:ed|ing)?\b|\bsabotage/,
  ],
];

/** What is asked for beside things, in a fixed order; a camera that was moved is no motion to watch for. */
export function aspectsOf(text: string): Aspect[] {
  const lower = text.toLowerCase();
  const found = ASPECTS.filter(([, pattern]) => pattern.test(lower)).map(([aspect]) => aspect);
  return found.includes('tamper') && !/\b(?:motion|movements?)\b/.test(lower)
    ? found.filter((one) => one !== 'motion')
    : found;
}

const ABOUT_ASPECTS =
  /^(?:face|text|writing|ocr|caption|letter|lettering|word|inscription|plate|sign|signboard|colour|color|identity|activity|action|behaviour|behavior|motion|movement|light|lighting|brightness|darkness|lamp|camera|lens|number|licence|license|registration|clothing|clothes)s?$/;

/** A word that is about how to look, and no thing to look for. */
export function saysAspect(word: string): boolean {
  return ABOUT_ASPECTS.test(word);
}
