/** Looks for cameras on the box's networks, and begins the address of the one that is chosen. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import type { FoundCameraJson } from '../wire.ts';

/** Nobody knows it beforehand: it is selected to be written over. */
const LOG_IN = 'user:password';
const SCHEME = 'onvif://';

export class CameraFinder {
  readonly #api: Api;
  readonly #form: { name: HTMLInputElement; url: HTMLInputElement };
  readonly #button = byId('camera-find', HTMLButtonElement);
  readonly #choices = byId('camera-choices', HTMLElement);
  readonly #state = byId('camera-test-state', HTMLElement);
  #looking = new AbortController();

  constructor(api: Api, form: { name: HTMLInputElement; url: HTMLInputElement }, signal: AbortSignal) {
    this.#api = api;
    this.#form = form;
    this.#button.addEventListener('click', () => void this.#look(), { signal });
    signal.addEventListener('abort', () => this.forget());
  }

  forget(): void {
    this.#looking.abort();
    this.#button.disabled = false;
    setHidden(this.#choices, true);
  }

  async #look(): Promise<void> {
    this.forget();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#button.disabled = true;
    this.#say('Looking for cameras…', 'quiet');
    try {
      const path = '/v1/control/cameras/discover';
      this.#show((await this.#api.post<{ cameras: FoundCameraJson[] }>(path, {}, signal)).cameras);
    } catch (error) {
      if (!isAbort(error)) this.#say(reasonOf(error), 'bad');
    } finally {
      if (!signal.aborted) this.#button.disabled = false;
    }
  }

  #show(cameras: readonly FoundCameraJson[]): void {
    const none = 'No camera answered. Some do so only after ONVIF was switched on in their settings.';
    this.#say(cameras.length > 0 ? 'Choose one, write its user and password, and test it.' : none, 'quiet');
    this.#choices.replaceChildren(...cameras.map((camera) => el('li', {}, this.#choice(camera))));
    setHidden(this.#choices, cameras.length === 0);
  }

  #choice({ address, name, hardware }: FoundCameraJson): HTMLButtonElement {
    const words = [name, hardware].filter((word) => word !== undefined);
    const button = el('button', { type: 'button' }, [address, ...new Set(words)].join(' · '));
    button.addEventListener('click', () => {
      const { url, name: called } = this.#form;
      if (called.value === '' && name !== undefined) called.value = name.slice(0, called.maxLength);
      url.value = `${SCHEME}${LOG_IN}@${address}`;
      url.focus();
      url.setSelectionRange(SCHEME.length, SCHEME.length + LOG_IN.length);
    });
    return button;
  }

  #say(words: string, tone: 'quiet' | 'bad'): void {
    setText(this.#state, words);
    this.#state.dataset.tone = tone;
  }
}
