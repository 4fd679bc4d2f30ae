/** An hour of one camera, the last or another, as a bar: a pointer or the arrow keys choose a moment, a click or Enter plays it. */
import { el, setText, svg } from '../dom.ts';
import type { TimelineJson } from '../wire.ts';
import { bars, momentWords, summary } from './timeline.ts';

const HOUR_S = 3600;
const SHORT = { hour: '2-digit', minute: '2-digit' } as const;
/** What ended no longer ago ends now. */
const NOW_S = 90;
const EMPTY: TimelineJson = { recorded: [], gaps: [], scenes: [], alerts: [] };
const STEPS: Record<string, number> = {
  ArrowLeft: -30,
  ArrowDown: -30,
  ArrowRight: 30,
  ArrowUp: 30,
  PageDown: -300,
  PageUp: 300,
  Home: -HOUR_S,
  End: HOUR_S,
};

export class TimelineBar {
  readonly element: HTMLElement;
  readonly #strip: HTMLElement;
  readonly #cursor = el('span', { class: 'timeline-cursor', hidden: true });
  readonly #caption = el('span', { class: 'timeline-caption' });
  readonly #now: () => number;
  readonly #pick: (atSeconds: number) => void;
  readonly #endAt: () => number;
  readonly #scale = { start: el('span', {}), end: el('span', {}) };
  #timeline = EMPTY;
  #end = 0;
  #at = HOUR_S - 30;

  /** `now` is the box's time in ms; `pick` gets the Unix second that was chosen, `endAt` says at which the hour ends. */
  constructor(
    cameraName: string,
    now: () => number,
    pick: (atSeconds: number) => void,
    endAt: () => number = () => TimelineBar.range(now()).end,
  ) {
    this.#endAt = endAt;
    this.#now = now;
    this.#pick = pick;
    this.#strip = el('div', {
      class: 'timeline-strip',
      role: 'slider',
      tabindex: 0,
      'aria-label': `${cameraName}, last hour. Arrow keys choose a moment, Enter plays it.`,
      'aria-valuemin': 0,
      'aria-valuemax': HOUR_S,
    });
    const scale = el('div', { class: 'timeline-scale' }, this.#scale.start, this.#caption, this.#scale.end);
    this.element = el('div', { class: 'timeline' }, this.#strip, scale);
    this.#listen();
    this.show(EMPTY);
  }

  static range(nowMs: number): { start: number; end: number } {
    const end = Math.floor(nowMs / 1000);
    return { start: end - HOUR_S, end };
  }

  show(timeline: TimelineJson): void {
    this.#timeline = timeline;
    this.#end = this.#endAt();
    const isNow = this.#now() / 1000 - this.#end < NOW_S;
    setText(this.#scale.start, isNow ? '1 h ago' : '1 h before');
    setText(this.#scale.end, isNow ? 'now' : new Date(this.#end * 1000).toLocaleTimeString([], SHORT));
    const start = this.#end - HOUR_S;
    const drawing = svg('svg', { class: 'timeline-drawing', 'aria-hidden': 'true' });
    for (const bar of bars(timeline, start, this.#end)) {
      const shape = svg('rect', {
        class: `bar bar-${bar.kind}`,
        x: `${bar.left.toFixed(3)}%`,
        width: `${Math.max(bar.width, 0.15).toFixed(3)}%`,
        height: '100%',
      });
      if (bar.title) shape.append(svg('title', {}, bar.title));
      drawing.append(shape);
    }
    this.#strip.replaceChildren(drawing, this.#cursor);
    this.#strip.title = '';
    this.#rest();
  }

  #rest(): void {
    setText(this.#caption, summary(this.#timeline, this.#end - HOUR_S, this.#end));
    this.#strip.setAttribute('aria-valuenow', String(this.#at));
    this.#strip.setAttribute('aria-valuetext', momentWords(this.#timeline, this.#second(), this.#now()));
  }

  #second(): number {
    return this.#end - HOUR_S + this.#at;
  }

  #moveTo(at: number): void {
    this.#at = Math.round(Math.min(HOUR_S, Math.max(0, at)));
    const words = momentWords(this.#timeline, this.#second(), this.#now());
    this.#cursor.hidden = false;
    this.#cursor.style.left = `${(this.#at / HOUR_S) * 100}%`;
    setText(this.#caption, words);
    this.#strip.setAttribute('aria-valuenow', String(this.#at));
    this.#strip.setAttribute('aria-valuetext', words);
  }

  #listen(): void {
    const strip = this.#strip;
    const fromPointer = (event: MouseEvent): number => {
      const box = strip.getBoundingClientRect();
      return ((event.clientX - box.left) / box.width) * HOUR_S;
    };
    strip.addEventListener('pointermove', (event) => this.#moveTo(fromPointer(event)));
    strip.addEventListener('focus', () => this.#moveTo(this.#at));
    for (const name of ['pointerleave', 'blur']) {
      strip.addEventListener(name, () => {
        this.#cursor.hidden = true;
        this.#rest();
      });
    }
    strip.addEventListener('click', (event) => {
      this.#moveTo(fromPointer(event));
      this.#pick(this.#second());
    });
    strip.addEventListener('keydown', (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step !== undefined) this.#moveTo(this.#at + step);
    else if (event.key === 'Enter' || event.key === ' ') this.#pick(this.#second());
    else return;
    event.preventDefault();
  }
}
