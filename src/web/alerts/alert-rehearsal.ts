/** The button below the sentence of an alert: when it would have fired on the last day, and how often that is. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { clock, percent, plural } from '../format.ts';

interface FiredJson {
  stream_name: string;
  start: number;
  confidence: number;
  explanation: string;
  thumbnail_url?: string;
}

export interface RehearsalJson {
  alerts: number;
  alerts_per_day: number;
  thresholds: { confidence: number; alerts: number }[];
  streams: { stream_name: string; days: number; looked: number; mute: number }[];
  fired: FiredJson[];
}

const MOST_SHOWN = 6;

export class AlertRehearsal {
  readonly #api: Api;
  readonly #prompt: HTMLInputElement;
  readonly #camera: HTMLSelectElement;
  readonly #button = byId('alert-rehearse', HTMLButtonElement);
  readonly #outcome = byId('alert-rehearsed', HTMLElement);
  readonly #list = byId('alert-rehearsed-list', HTMLElement);
  #attempt = new AbortController();

  constructor(
    api: Api,
    { form, prompt, camera }: { form: HTMLFormElement; prompt: HTMLInputElement; camera: HTMLSelectElement },
    signal: AbortSignal,
  ) {
    this.#api = api;
    this.#prompt = prompt;
    this.#camera = camera;
    prompt.addEventListener('input', () => this.#changed(), { signal });
    camera.addEventListener('change', () => this.#changed(), { signal });
    form.addEventListener('reset', () => queueMicrotask(() => this.#changed()), { signal });
    this.#button.addEventListener('click', () => void this.#try(), { signal });
    signal.addEventListener('abort', () => this.#attempt.abort());
  }

  #changed(): void {
    this.#attempt.abort();
    setHidden(this.#button, this.#prompt.value.trim() === '');
    setText(this.#outcome, '');
    this.#list.replaceChildren();
  }

  async #try(): Promise<void> {
    this.#attempt.abort();
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    const stream = this.#camera.value;
    const wish = { prompt: this.#prompt.value.trim(), ...(stream === '' ? {} : { stream }) };
    this.#button.disabled = true;
    this.#list.replaceChildren();
    setText(this.#outcome, 'Looking through the last day…');
    try {
      const told = await this.#api.post<RehearsalJson>('/v1/events/rehearse', wish, signal);
      setText(this.#outcome, rehearsedWords(told));
      const last = told.fired.toSorted((a, b) => b.start - a.start).slice(0, MOST_SHOWN);
      this.#list.replaceChildren(...last.map((one) => this.#line(one)));
    } catch (error) {
      if (!isAbort(error)) setText(this.#outcome, reasonOf(error));
    } finally {
      this.#button.disabled = false;
    }
  }

  #line({ stream_name: camera, start, confidence, explanation, thumbnail_url: picture }: FiredJson): HTMLElement {
    const when = `${clock(start * 1000, this.#api.now())}, ${camera}, ${percent(confidence)}`;
    const image = picture === undefined ? undefined : el('img', { src: picture, alt: '', loading: 'lazy' });
    return el('li', { title: explanation }, image, el('span', {}, when));
  }
}

/** "It would have fired 3 times in the last 12 hours: about 6 a day. Told from 70 % on: 1." */
export function rehearsedWords({ alerts, alerts_per_day: perDay, thresholds, streams }: RehearsalJson): string {
  const hours = Math.max(0, ...streams.map(({ days }) => days * 24));
  if (streams.every(({ looked }) => looked === 0)) return 'Nothing is stored of the last day that could tell.';
  const blind = streams.some(({ mute, looked }) => mute > looked / 2);
  const note = blind ? ' Most of what is stored does not tell such things.' : '';
  const time = hours >= 1 ? plural(Math.round(hours), 'hour') : plural(Math.max(1, Math.round(hours * 60)), 'minute');
  if (alerts === 0) return `It would not have fired in the last ${time}.${note}`;
  const about = perDay >= 10 ? Math.round(perDay) : Number(perDay.toFixed(1));
  return `It would have fired ${plural(alerts, 'time')} in the last ${time}: about ${about} a day.${remaining(thresholds)}${note}`;
}

/** Each threshold that leaves fewer than the one before. */
function remaining(thresholds: RehearsalJson['thresholds']): string {
  const steps = thresholds.filter(({ alerts }, i) => i > 0 && alerts !== thresholds[i - 1]?.alerts);
  const [first, ...others] = steps.map(({ confidence, alerts }) => `from ${percent(confidence)} on: ${alerts}`);
  return first === undefined ? '' : ` Told ${[first, ...others].join(', ')}.`;
}
