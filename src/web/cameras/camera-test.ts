/**
 * Tries the address in a form before it is saved: how the camera looks, what it sends, what to change in its settings. A
 * camera that is known by its ONVIF address alone is asked for its streams; one of them is chosen and tried.
 */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { decimal, pictureWords } from '../format.ts';
import type { OnvifStreamJson, ProbeJson } from '../wire.ts';

export class CameraTest {
  readonly #api: Api;
  readonly #url: HTMLInputElement;
  readonly #button = byId('camera-test', HTMLButtonElement);
  readonly #state = byId('camera-test-state', HTMLElement);
  readonly #found = byId('camera-found', HTMLElement);
  #trying = new AbortController();

  constructor(api: Api, url: HTMLInputElement, signal: AbortSignal) {
    this.#api = api;
    this.#url = url;
    this.#button.addEventListener('click', () => url.reportValidity() && void this.#try(), { signal });
    url.addEventListener('input', () => this.forget(), { signal });
    signal.addEventListener('abort', () => this.forget());
  }

  /** What was found was another camera's. */
  forget(): void {
    this.#trying.abort();
    this.#button.disabled = false;
    setText(this.#state, '');
    setHidden(this.#found, true);
  }

  async #try(): Promise<void> {
    this.forget();
    this.#trying = new AbortController();
    const { signal } = this.#trying;
    this.#button.disabled = true;
    this.#say('Asking the camera; this takes some ten seconds…', 'quiet');
    const url = this.#url.value.trim();
    const body = { url };
    try {
      if (/^onvifs?:/i.test(url)) {
        const path = '/v1/control/cameras/streams';
        this.#choose((await this.#api.post<{ streams: OnvifStreamJson[] }>(path, body, signal)).streams, url);
      } else this.#show(await this.#api.post<ProbeJson>('/v1/control/cameras/probe', body, signal));
    } catch (error) {
      if (!isAbort(error)) this.#say(reasonOf(error), 'bad');
    } finally {
      if (!signal.aborted) this.#button.disabled = false;
    }
  }

  #choose(streams: readonly OnvifStreamJson[], address: string): void {
    this.#say('It has these streams. Choose the one to record: the largest, as long as the disk has room.', 'good');
    const choices = streams.map((stream) => {
      const { name, width, height, codec, fps } = stream;
      const words = [name, width > 0 ? `${width}×${height}` : '', codec, fps > 0 ? `${decimal(fps)} fps` : ''];
      const button = el('button', { type: 'button' }, words.filter(Boolean).join(' · ') || stream.url);
      button.addEventListener('click', () => {
        this.#url.value = withLogin(stream.url, address);
        void this.#try();
      });
      return el('li', {}, button);
    });
    this.#found.replaceChildren(el('ul', { class: 'camera-tools', 'aria-label': 'Streams of the camera' }, ...choices));
    setHidden(this.#found, false);
  }

  #show({ facts, advice, picture, problem }: ProbeJson): void {
    const { keyframe_interval_s: gap } = facts;
    const keyframes = gap ? `, a keyframe every ${decimal(gap)} s` : '';
    this.#say(`It answers: ${pictureWords(facts)}${keyframes}.`, 'good');
    const lines = problem === undefined ? advice : [problem, ...advice];
    this.#found.replaceChildren(
      ...(picture === undefined ? [] : [el('img', { src: picture, alt: 'What the camera shows now' })]),
      ...(lines.length === 0 ? [] : [el('ul', { class: 'camera-notes' }, ...lines.map((line) => el('li', {}, line)))]),
    );
    setHidden(this.#found, false);
  }

  #say(words: string, tone: 'quiet' | 'good' | 'bad'): void {
    setText(this.#state, words);
    this.#state.dataset.tone = tone;
  }
}

/** The user and password as they stand in the other address. */
function withLogin(stream: string, address: string): string {
  const login = /^\w+:\/\/([^/]*@)/.exec(address)?.[1] ?? '';
  return stream.replace('://', () => `://${login}`);
}
