/** A camera of another box: the newest picture that has come, how it was told to be, and the last hour that is here. */
import { el, setHidden, setText, svg } from '../dom.ts';
import { TimelineBar } from '../finding/timeline-bar.ts';
import { clock } from '../format.ts';
import type { BoxJson, SentCameraJson, TimelineJson } from '../wire.ts';
import { hereWords, sentCameraWords } from './sent-words.ts';

/** A box that is farther behind is drawn up to its newest recording. */
const BEHIND_S = 600;

export interface SentCameraActions {
  now(): number;
  /** Plays from the second on, or what is newest. */
  watch(camera: SentCameraJson, box: BoxJson, atSeconds?: number): void;
}

export class SentCamera {
  readonly element: HTMLElement;
  readonly timeline: TimelineBar;
  readonly #actions: SentCameraActions;
  readonly #parts = sentCameraParts();
  #camera: SentCameraJson;
  #box: BoxJson;

  constructor(camera: SentCameraJson, box: BoxJson, actions: SentCameraActions) {
    this.#camera = camera;
    this.#box = box;
    this.#actions = actions;
    this.timeline = new TimelineBar(
      `${box.name}, ${camera.name}`,
      () => actions.now(),
      (at) => actions.watch(this.#camera, this.#box, at),
      () => this.timelineEnd,
    );
    const { picture, body } = this.#parts;
    picture.addEventListener('click', () => actions.watch(this.#camera, this.#box));
    body.append(this.timeline.element);
    this.element = el('article', { class: 'camera', 'data-stream': camera.rtstream_id }, picture, body);
    this.update(camera, box);
  }

  get id(): string {
    return this.#camera.rtstream_id;
  }

  /** Unix seconds: of what is worth drawing. */
  get timelineEnd(): number {
    const now = Math.floor(this.#actions.now() / 1000);
    const { online, lag_s: lag, last_seen: seen } = this.#box;
    if (online && lag < BEHIND_S && !this.#camera.gone) return now;
    return Math.min(now, Math.ceil(this.#camera.recorded_until ?? seen));
  }

  update(camera: SentCameraJson, box: BoxJson): void {
    this.#camera = camera;
    this.#box = box;
    const now = this.#actions.now();
    const { label, chip, name, here, trouble, picture } = this.#parts;
    const words = sentCameraWords(camera, box, now);
    this.element.dataset.tone = words.tone;
    setText(chip, words.word);
    setText(name, camera.name);
    setText(here, hereWords(camera, now));
    setText(trouble, words.detail);
    setHidden(trouble, words.detail === '');
    setText(label, `Watch what came last of ${camera.name}, ${box.name}. `);
    picture.disabled = camera.recorded_until === undefined;
    setHidden(this.timeline.element, !camera.here);
    if (camera.picture_url) this.showPicture(camera.picture_url, camera.picture_at ?? 0);
  }

  showPicture(url: string, atSeconds: number): void {
    const { image, empty } = this.#parts;
    if (image.getAttribute('src') !== url) image.src = url;
    image.title = `At ${clock(atSeconds * 1000, this.#actions.now())}`;
    setHidden(image, false);
    setHidden(empty, true);
  }

  showTimeline(timeline: TimelineJson): void {
    this.timeline.show(timeline);
  }
}

function sentCameraParts() {
  // Far more of them than are seen may be on the page.
  const image = el('img', { alt: '', loading: 'lazy', decoding: 'async', hidden: true });
  const empty = el('span', { class: 'picture-empty' }, 'No picture yet');
  const label = el('span', { class: 'visually-hidden' });
  const chip = el('span', { class: 'chip' });
  const play = svg('svg', { class: 'picture-play', viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  play.append(svg('path', { d: 'M8 5.5v13l10.5-6.5z' }));
  const frame = el('span', { class: 'picture-frame' }, image);
  const picture = el('button', { class: 'picture', type: 'button' }, label, frame, empty, play, chip);
  const name = el('h4', {});
  const here = el('span', { class: 'camera-format' });
  const trouble = el('p', { class: 'camera-trouble', hidden: true });
  const head = el('div', { class: 'camera-head' }, name, here);
  const body = el('div', { class: 'camera-body' }, head, trouble);
  return { image, empty, label, chip, picture, name, here, trouble, body };
}
