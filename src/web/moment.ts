/** A scene, an alert or a search hit as something to look at and click. */
import { el } from './dom.ts';
import { clock, percent, span } from './format.ts';
import type { AlertJson, SceneJson } from './wire.ts';

export function sceneButton(scene: SceneJson, nowMs: number, score?: number): HTMLButtonElement {
  const length = scene.end - scene.start;
  const meta = el('span', { class: 'moment-meta' }, el('b', {}, scene.stream_name), when(scene.start * 1000, nowMs));
  if (length >= 1) meta.append(el('span', {}, span(length)));
  const words = el('span', { class: 'moment-words' }, el('span', { class: 'moment-text' }, scene.text), meta);
  if (score !== undefined) words.append(scoreBar(score));
  return el('button', { class: 'moment', type: 'button' }, thumbnail(scene.thumbnail_url), words);
}

export function alertButton(alert: AlertJson, nowMs: number): HTMLButtonElement {
  const head = el(
    'span',
    { class: 'moment-head' },
    el('span', { class: 'badge' }, 'Alert'),
    el('strong', {}, alert.label),
    el('span', { class: 'moment-confidence', title: 'Confidence' }, percent(alert.confidence)),
  );
  const at = Date.parse(alert.timestamp) || alert.start * 1000;
  const meta = el('span', { class: 'moment-meta' }, el('b', {}, alert.stream_name), when(at, nowMs));
  const words = el(
    'span',
    { class: 'moment-words' },
    head,
    el('span', { class: 'moment-text' }, alert.explanation),
    meta,
  );
  return el('button', { class: 'moment is-alert', type: 'button' }, thumbnail(alert.thumbnail_url), words);
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
