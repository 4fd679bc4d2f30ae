/** One camera: its latest picture, what it is doing in words and colour, its numbers, notes and last hour. */
import { type Api, isAbort } from '../api.ts';
import { el, setHidden, setText, svg } from '../dom.ts';
import { LivePicture } from '../finding/picture.ts';
import { TimelineBar } from '../finding/timeline-bar.ts';
import { age, decimal, isSoundOnly, percent, phaseWords, pictureWords, plural } from '../format.ts';
import type { CameraJson, TimelineJson } from '../wire.ts';
import { indexLines } from './index-lines.ts';
import { LiveTile } from './live-tile.ts';
import { zoneOverlay } from './zones.ts';

const PICTURE_EVERY_MS = 5000;
const TIMELINE_EVERY_MS = 20_000;

export interface CardActions {
  watchLive(camera: CameraJson): void;
  watchFrom(camera: CameraJson, atSeconds: number): void;
  drawZones(camera: CameraJson): void;
}

export class CameraCard {
  readonly element: HTMLElement;
  readonly #api: Api;
  readonly #picture: LivePicture;
  readonly #timeline: TimelineBar;
  readonly #gone = new AbortController();
  readonly #parts = cardParts();
  #camera: CameraJson;
  #zonesDrawn = '';
  #indexesDrawn = '';
  #pictureMs = 0;
  #moves = false;
  #live: LiveTile | undefined;
  #timelineDueMs = 0;

  constructor(camera: CameraJson, api: Api, actions: CardActions) {
    this.#api = api;
    this.#camera = camera;
    const { picture, image, empty, body, zones } = this.#parts;
    this.#timeline = new TimelineBar(
      camera.name,
      () => api.now(),
      (at) => actions.watchFrom(this.#camera, at),
    );
    this.#picture = new LivePicture(api, camera.stream_id, image, (has) => {
      setHidden(empty, has);
      setHidden(image, !has);
      this.#fit();
    });
    picture.addEventListener('click', () => actions.watchLive(this.#camera));
    zones.setAttribute('aria-label', `Zones of ${camera.name}`);
    zones.addEventListener('click', () => actions.drawZones(this.#camera));
    body.append(this.#timeline.element, el('div', { class: 'camera-tools' }, zones));
    this.element = el('article', { class: 'camera', 'data-stream': camera.stream_id }, picture, body);
    this.update(camera);
  }

  /** A new status; also the tick that keeps ages, picture and timeline fresh. */
  update(camera: CameraJson): void {
    this.#camera = camera;
    const now = this.#api.now();
    this.#showWords(camera, now);
    this.#showZones(camera);
    this.#showIndexes(camera);
    this.setLive(this.#moves);
    if (camera.last_frame_ms && camera.last_frame_ms - this.#pictureMs >= PICTURE_EVERY_MS) {
      this.#pictureMs = camera.last_frame_ms;
      this.#picture.refresh();
    }
    const isShown = !document.hidden && this.#timeline.element.offsetParent !== null;
    if (now >= this.#timelineDueMs && isShown) void this.#loadTimeline(now);
  }

  /** A scene or an alert came in: look again, and draw the hour anew soon. */
  sawSomething(): void {
    if (this.#camera.last_frame_ms) this.#picture.refresh();
    this.#timelineDueMs = Math.min(this.#timelineDueMs, this.#api.now() + 2000);
  }

  /** Whether its picture moves while it is recorded: that of one without pictures never does. */
  setLive(moves: boolean): void {
    this.#moves = moves;
    const { stream_id: id, phase, facts } = this.#camera;
    const isLive = moves && phase === 'recording' && !isSoundOnly(facts);
    if (isLive === (this.#live !== undefined)) return;
    this.#live?.end();
    this.#live = isLive ? new LiveTile(this.#api, id, this.#parts.image) : undefined;
  }

  end(): void {
    this.setLive(false);
    this.#gone.abort();
    this.#picture.end();
    this.element.remove();
  }

  #showWords(camera: CameraJson, now: number): void {
    const { label, chip, name, format, trouble, notes, empty, zones } = this.#parts;
    const phase = phaseWords(camera, now);
    this.element.dataset.tone = phase.tone;
    setText(chip, phase.word);
    setText(name, camera.name);
    setText(format, pictureWords(camera.facts));
    setText(trouble, phase.detail);
    setHidden(trouble, phase.detail === '');
    const soundOnly = isSoundOnly(camera.facts);
    setText(empty, soundOnly ? 'Sound only' : 'No picture yet');
    setHidden(zones, soundOnly);
    setText(label, `${soundOnly ? 'Listen to' : 'Watch'} ${camera.name}. `);
    for (const [key, value] of cameraNumbers(camera, now)) {
      const cell = this.#parts.numbers.get(key);
      if (cell) setText(cell, value);
    }
    const behind = (camera.degraded ?? []).map(({ what, remedy }) => `${what}. ${remedy}`);
    const lines = [...behind, ...(camera.notes ?? [])];
    if (lines.join('\n') !== [...notes.children].map((line) => line.textContent).join('\n')) {
      notes.replaceChildren(...lines.map((line) => el('li', {}, line)));
    }
    setHidden(notes, lines.length === 0);
  }

  #showZones(camera: CameraJson): void {
    const zones = camera.zones ?? [];
    const drawn = JSON.stringify(zones);
    if (drawn === this.#zonesDrawn) return;
    this.#zonesDrawn = drawn;
    this.#parts.frame.querySelector('.zones')?.remove();
    if (zones.length > 0) this.#parts.frame.append(zoneOverlay(zones));
  }

  #showIndexes({ indexes = [] }: CameraJson): void {
    const drawn = JSON.stringify(indexes);
    if (drawn === this.#indexesDrawn) return;
    this.#indexesDrawn = drawn;
    this.#parts.indexes.replaceChildren(...indexLines(indexes));
    setHidden(this.#parts.indexes, indexes.length === 0);
  }

  /** Zones are fractions of the picture, so the frame takes the picture's own shape within its field. */
  #fit(): void {
    const { naturalWidth, naturalHeight } = this.#parts.image;
    if (naturalWidth === 0 || naturalHeight === 0) return;
    this.#parts.frame.style.setProperty('--ratio', String(naturalWidth / naturalHeight));
  }

  async #loadTimeline(now: number): Promise<void> {
    this.#timelineDueMs = now + TIMELINE_EVERY_MS;
    try {
      const { start, end } = TimelineBar.range(now);
      const query = { stream: this.#camera.stream_id, start, end };
      this.#timeline.show(await this.#api.get<TimelineJson>('/v1/timeline', query, this.#gone.signal));
    } catch (error) {
      if (!isAbort(error)) this.#timeline.element.classList.add('is-stale');
      return;
    }
    this.#timeline.element.classList.remove('is-stale');
  }
}

type NumberKey = 'Keyframes' | 'Frames seen' | 'Last segment' | 'Dropped' | 'Restarts' | 'CPU';

/** The small figures of a card in the order in which they stand. */
export function cameraNumbers(camera: CameraJson, nowMs: number): [NumberKey, string][] {
  const keyframes = camera.keyframe_interval_s;
  const drops = [
    camera.frames_dropped > 0 ? plural(camera.frames_dropped, 'frame') : '',
    camera.windows_dropped > 0 ? plural(camera.windows_dropped, 'window') : '',
  ].filter(Boolean);
  return [
    ['Keyframes', keyframes ? `every ${decimal(keyframes)} s` : '–'],
    ['Frames seen', isSoundOnly(camera.facts) ? '–' : `${camera.fps_seen.toFixed(camera.fps_seen < 10 ? 1 : 0)} / s`],
    ['Last segment', camera.last_segment_end_ms ? `${age(camera.last_segment_end_ms, nowMs)} ago` : 'none yet'],
    ['Dropped', drops.join(', ') || 'none'],
    ['Restarts', String(camera.restarts)],
    ['CPU', camera.cpu_share == null ? '–' : percent(camera.cpu_share)],
  ];
}

const NUMBER_KEYS: NumberKey[] = ['Keyframes', 'Frames seen', 'Last segment', 'Dropped', 'Restarts', 'CPU'];

function cardParts() {
  const image = el('img', { alt: '', hidden: true });
  const empty = el('span', { class: 'picture-empty' }, 'No picture yet');
  const label = el('span', { class: 'visually-hidden' });
  const chip = el('span', { class: 'chip' });
  const frame = el('span', { class: 'picture-frame' }, image);
  const play = svg('svg', { class: 'picture-play', viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  play.append(svg('path', { d: 'M8 5.5v13l10.5-6.5z' }));
  const picture = el('button', { class: 'picture', type: 'button' }, label, frame, empty, play, chip);
  const name = el('h3', {});
  const format = el('span', { class: 'camera-format' });
  const trouble = el('p', { class: 'camera-trouble', hidden: true });
  const notes = el('ul', { class: 'camera-notes', hidden: true });
  const indexes = el('ul', { class: 'camera-indexes', hidden: true });
  const zones = el('button', { type: 'button' }, 'Zones');
  const numbers = new Map(NUMBER_KEYS.map((key) => [key, el('dd', {})]));
  const list = el('dl', { class: 'camera-numbers' });
  for (const [key, cell] of numbers) list.append(el('div', {}, el('dt', {}, key), cell));
  const body = el(
    'div',
    { class: 'camera-body' },
    el('div', { class: 'camera-head' }, name, format),
    trouble,
    list,
    indexes,
    notes,
  );
  return { image, empty, label, chip, frame, picture, name, format, trouble, indexes, zones, notes, numbers, body };
}
