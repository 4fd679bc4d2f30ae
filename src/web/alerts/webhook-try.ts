/** The button beside the address of a webhook: sends an alert that never was, and says what came of it. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, setHidden, setText } from '../dom.ts';

interface TriedJson {
  delivered: boolean;
  status?: number;
  reason?: string;
  took_ms: number;
}

export class WebhookTry {
  readonly #api: Api;
  readonly #address: HTMLInputElement;
  readonly #button = byId('webhook-try', HTMLButtonElement);
  readonly #outcome = byId('webhook-outcome', HTMLElement);
  #attempt = new AbortController();

  constructor(api: Api, form: HTMLFormElement, address: HTMLInputElement, signal: AbortSignal) {
    this.#api = api;
    this.#address = address;
    address.addEventListener('input', () => this.#changed(), { signal });
    form.addEventListener('reset', () => queueMicrotask(() => this.#changed()), { signal });
    this.#button.addEventListener('click', () => void this.#try(), { signal });
  }

  #changed(): void {
    this.#attempt.abort();
    const { value, validity } = this.#address;
    setHidden(this.#button, value.trim() === '' || !validity.valid);
    setText(this.#outcome, '');
  }

  async #try(): Promise<void> {
    this.#attempt.abort();
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    this.#button.disabled = true;
    setText(this.#outcome, 'Sending…');
    try {
      const tried = await this.#api.post<TriedJson>('/v1/webhooks/test', { url: this.#address.value.trim() }, signal);
      setText(this.#outcome, outcomeText(tried));
    } catch (error) {
      if (!isAbort(error)) setText(this.#outcome, reasonOf(error));
    } finally {
      this.#button.disabled = false;
    }
  }
}

function outcomeText({ delivered, status, reason, took_ms: tookMs }: TriedJson): string {
  if (delivered) return `It was taken (${status ?? 200}, after ${tookMs} ms).`;
  return `It was not taken: ${reason ?? 'nobody knows why'}.`;
}
