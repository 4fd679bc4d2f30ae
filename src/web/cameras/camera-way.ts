/** How a camera's pictures come: fetched from its address, or sent to the box, to an address that is shown once it is added. */
import { copyField } from '../copy-field.ts';
import { byId, setHidden, setText } from '../dom.ts';

/** What is said of it when it is added. */
export type Way = { url: string } | { ingest_mode: 'push'; protocol: string };

export class CameraWay {
  readonly #choice = byId('camera-way', HTMLSelectElement);
  readonly #url: HTMLInputElement;
  readonly #form = byId('camera-ways', HTMLElement);
  readonly #fetched = byId('camera-fetched', HTMLElement);
  readonly #sent = byId('camera-sent', HTMLElement);
  readonly #address = byId('camera-push-url', HTMLInputElement);
  readonly #copy = byId('camera-copy', HTMLButtonElement);

  constructor(url: HTMLInputElement, signal: AbortSignal) {
    this.#url = url;
    this.#choice.addEventListener('change', () => this.#choose(), { signal });
    this.#copy.addEventListener('click', () => void copyField(this.#address, this.#copy), { signal });
  }

  get way(): Way {
    const { value } = this.#choice;
    return value === '' ? { url: this.#url.value.trim() } : { ingest_mode: 'push', protocol: value };
  }

  /** Where to send to, instead of the form. */
  show(address: string): void {
    this.#address.value = address;
    setHidden(this.#form, true);
    setHidden(this.#sent, false);
    this.#address.focus();
    this.#address.select();
  }

  /** As at first. */
  forget(): void {
    this.#address.value = '';
    setText(this.#copy, 'Copy');
    setHidden(this.#form, false);
    setHidden(this.#sent, true);
    this.#choose();
  }

  #choose(): void {
    const isFetched = this.#choice.value === '';
    setHidden(this.#fetched, !isFetched);
    this.#url.required = isFetched;
  }
}
