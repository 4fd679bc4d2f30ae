/** A scene, an alert or a search hit as something to look at and click. */
import { el, svg } from '../dom.ts';
import { clock, percent, span } from '../format.ts';
import type { AlertJson, SceneJson } from '../wire.ts';

export function sceneButton(scene: SceneJson, nowMs: number, score?: number): HTMLButtonElement {
  const length = scene.end - scene.start;
  const meta = el('span', { class: 'moment-meta' }, ...whose(scene), when(scene.start * 1000, nowMs));
  if (length >= 1) meta.append(el('span', {}, span(length)));
  const sense = senseOf(scene);
  if (sense !== 'seen') meta.prepend(el('span', { class: 'moment-sense' }, SENSE_WORDS[sense]));
  const words = el('span', { class: 'moment-words' }, el('span', { class: 'moment-text' }, scene.text), meta);
  if (score !== undefined) words.append(scoreBar(score));
  const picture = sense === 'seen' ? thumbnail(scene.thumbnail_url) : icon(sense);
  return el('button', { class: 'moment', type: 'button' }, picture, words);
}

const SENSE_WORDS = { heard: 'Heard', said: 'Said' };
/** A loudspeaker and a speech bubble, in a field of 24 by 24. */
const SENSE_DRAWINGS = {
  heard: 'M4 9.5v5h3.5L12 19V5L7.5 9.5zM15 9a4.2 4.2 0 0 1 0 6M17.6 6.4a8 8 0 0 1 0 11.2',
  said: 'M5 5h14v10.5h-7.5L7.5 19v-3.5H5zM8.5 9h7M8.5 12h4.5',
};

/** Scenes of audio indexes have no picture: those of a sound have the sound as their only fact, those of speech have none. */
export function senseOf({ facts }: Pick<SceneJson, 'facts'>): 'seen' | 'heard' | 'said' {
  if (facts?.motion !== undefined) return 'seen';
  return facts?.sound === undefined ? 'said' : 'heard';
}

function icon(sense: 'heard' | 'said'): HTMLElement {
  const drawing = svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  drawing.append(svg('path', { d: SENSE_DRAWINGS[sense] }));
  return el('span', { class: 'moment-thumb is-sense' }, drawing);
}

export function alertButton(alert: AlertJson, nowMs: number): HTMLButtonElement {
  const head = el(
    'span',
    { class: 'moment-head' },
    el('span', { class: 'badge' }, 'Alert'),
    el('strong', {}, alert.label),
    el('span', { class: 'moment-confidence', title: 'Confidence' }, sureness(alert)),
  );
  const at = Date.parse(alert.timestamp) || alert.start * 1000;
  const meta = el('span', { class: 'moment-meta' }, ...whose(alert), when(at, nowMs));
  const words = el(
    'span',
    { class: 'moment-words' },
    head,
    el('span', { class: 'moment-text' }, alert.explanation),
    ...(alert.verdict ? [verdict(alert.verdict)] : []),
    meta,
  );
  // What is heard has no picture, and what is said no scene either.
  const sense = alert.scene_id === undefined ? 'said' : 'heard';
  const url = alert.picture_url ?? alert.thumbnail_url;
  const picture = url ? thumbnail(url) : icon(sense);
  return el('button', { class: 'moment is-alert', type: 'button' }, picture, words);
}

/** "80 %", or "80 %, told from 50 % on". */
function sureness({ confidence, threshold }: AlertJson): string {
  return threshold ? `${percent(confidence)}, told from ${percent(threshold)} on` : percent(confidence);
}

/** What was said when the alert was looked at again. */
function verdict({ confirmed, text, by }: NonNullable<AlertJson['verdict']>): HTMLElement {
  const word = confirmed === null ? 'Looked at again' : confirmed ? 'Confirmed' : 'Doubted';
  const state = confirmed === null ? 'unsure' : confirmed ? 'yes' : 'no';
  return el('span', { class: 'moment-verdict', 'data-state': state, title: `by ${by}` }, el('b', {}, word), ` ${text}`);
}

/** The camera, and its box where that is another. */
function whose({ stream_name, box }: Pick<SceneJson, 'stream_name' | 'box'>): HTMLElement[] {
  return [el('b', {}, stream_name), ...(box ? [el('span', {}, box.name)] : [])];
}

function when(ms: number, nowMs: number): HTMLElement {
  return el('time', { datetime: new Date(ms).toISOString() }, clock(ms, nowMs));
}

function thumbnail(url: string | null | undefined): HTMLElement {
  const holder = el('span', { class: 'moment-thumb' });
  if (!url) return holder;
  const image = el('img', { src: url, alt: '', loading: 'lazy', decoding: 'async' });
  image.addEventListener('error', () => image.remove());
  holder.append(image);
  return holder;
}

function scoreBar(score: number): HTMLElement {
  const fill = el('span', { class: 'score-fill' });
  fill.style.width = percent(score).replace(' ', '');
  const track = el('span', { class: 'score-track', 'aria-hidden': 'true' }, fill);
  return el('span', { class: 'score' }, track, `${percent(score)} match`);
}
