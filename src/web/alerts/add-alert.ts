/** The form that arms an alert: a sentence, how the box understands it (asked as you type), a label and cameras. */

import { type Api, ApiError, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { labelFrom } from '../format.ts';
import type { CameraJson, RuleJson, StatusJson, UnderstoodJson } from '../wire.ts';
import { AlertExamples } from './alert-examples.ts';
import { AlertRehearsal } from './alert-rehearsal.ts';
import { armAlert } from './arm-alert.ts';
import { WebhookTry } from './webhook-try.ts';

const TYPING_MS = 350;

export class AlertForm {
  readonly #api: Api;
  readonly #added: (label: string) => void;
  readonly #dialog = byId('alert-dialog', HTMLDialogElement);
  readonly #form = byId('alert-form', HTMLFormElement);
  readonly #prompt = byId('alert-prompt', HTMLInputElement);
  readonly #label = byId('alert-label', HTMLInputElement);
  readonly #camera = byId('alert-camera', HTMLSelectElement);
  readonly #callback = byId('alert-callback', HTMLInputElement);
  readonly #understood = byId('alert-understood', HTMLElement);
  readonly #examples = new AlertExamples();
  readonly #problem = byId('alert-problem', HTMLElement);
  readonly #submit = byId('alert-submit', HTMLButtonElement);
  #status: StatusJson | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #question = new AbortController();

  constructor(api: Api, added: (label: string) => void, signal: AbortSignal) {
    this.#api = api;
    this.#added = added;
    byId('add-alert', HTMLButtonElement).addEventListener('click', () => this.#open(), { signal });
    byId('alert-cancel', HTMLButtonElement).addEventListener('click', () => this.#dialog.close(), { signal });
    this.#prompt.addEventListener('input', () => this.#typed(), { signal });
    this.#label.addEventListener('input', () => this.#label.classList.toggle('is-own', this.#label.value !== ''), {
      signal,
    });
    this.#camera.addEventListener('change', () => this.#ask(), { signal });
    this.#form.addEventListener('submit', (event) => this.#submitted(event), { signal });
    new AlertRehearsal(api, { form: this.#form, prompt: this.#prompt, camera: this.#camera }, signal);
    new WebhookTry(api, this.#form, this.#callback, signal);
    signal.addEventListener('abort', () => this.#dialog.close());
  }

  /** Cameras and the state of the detector, for the choices and warnings of the form. */
  showStatus(status: StatusJson): void {
    this.#status = status;
  }

  #open(): void {
    const ready = this.#indexed();
    const chosen = this.#camera.value;
    this.#camera.replaceChildren(
      ...(ready.length > 1 ? [el('option', { value: '' }, 'All cameras')] : []),
      ...ready.map((camera) => el('option', { value: camera.stream_id }, camera.name)),
    );
    if (ready.some((camera) => camera.stream_id === chosen)) this.#camera.value = chosen;
    this.#submit.disabled = ready.length === 0;
    setHidden(this.#problem, ready.length > 0);
    setText(
      this.#problem,
      ready.length > 0 ? '' : 'Add a camera first: an alert watches what a camera sees and hears.',
    );
    this.#dialog.showModal();
    this.#prompt.focus();
  }

  #indexed(): CameraJson[] {
    return (this.#status?.cameras ?? []).filter((camera) => (camera.indexes ?? []).length > 0);
  }

  #typed(): void {
    if (!this.#label.classList.contains('is-own')) this.#label.value = labelFrom(this.#prompt.value);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), TYPING_MS);
  }

  #ask(): void {
    this.#question.abort();
    this.#question = new AbortController();
    const prompt = this.#prompt.value.trim();
    if (prompt === '') this.#showUnderstood('', 'quiet');
    else void this.#understand(prompt, this.#question.signal);
  }

  async #understand(prompt: string, signal: AbortSignal): Promise<void> {
    try {
      const understood = await this.#api.post<UnderstoodJson>('/v1/events/understand', { prompt }, signal);
      const { rule } = understood;
      const missing = missingFor(rule, this.#status);
      const warning = missing ? ` This needs ${missing} and none is installed: it can’t fire until one is.` : '';
      this.#showUnderstood(`Understood: ${rule.understood}${warning}`, missing ? 'warn' : 'good');
      this.#examples.show(understood);
    } catch (error) {
      if (isAbort(error)) return;
      this.#showUnderstood(reasonOf(error), error instanceof ApiError && error.status === 0 ? 'bad' : 'warn');
    }
  }

  #showUnderstood(text: string, tone: 'quiet' | 'good' | 'warn' | 'bad'): void {
    this.#examples.show();
    setText(this.#understood, text || 'Say it in one sentence. What the box understands appears here.');
    this.#understood.dataset.tone = tone;
  }

  #submitted(event: Event): void {
    event.preventDefault();
    void this.#save();
  }

  async #save(): Promise<void> {
    const label = this.#label.value.trim();
    this.#submit.disabled = true;
    setHidden(this.#problem, true);
    try {
      const prompt = this.#prompt.value.trim();
      const { rule } = await this.#api.post<UnderstoodJson>('/v1/events/understand', { prompt });
      const { event_id: eventId } = await this.#api.post<{ event_id: string }>('/rtstream/event', {
        event_prompt: prompt,
        label,
      });
      const chosen = this.#indexed().filter((camera) => !this.#camera.value || camera.stream_id === this.#camera.value);
      const arming = { eventId, rule, callbackUrl: this.#callback.value.trim() };
      await Promise.all(chosen.map((camera) => armAlert(this.#api, camera.stream_id, arming)));
      this.#form.reset();
      this.#label.classList.remove('is-own');
      this.#showUnderstood('', 'quiet');
      this.#dialog.close();
      this.#added(label);
    } catch (error) {
      setText(this.#problem, reasonOf(error));
      setHidden(this.#problem, false);
    } finally {
      this.#submit.disabled = false;
    }
  }
}

/** What the rule needs and the box doesn't have. */
function missingFor({ needs = [] }: RuleJson, status: StatusJson | undefined): string | undefined {
  const lacks = (state: string | undefined) => state === 'none';
  if (needs.includes('object-detection') && lacks(status?.inference?.state)) return 'an object detector';
  if (needs.includes('sound-classification') && lacks(status?.listening?.sounds.state))
    return 'a model that knows sounds';
  return needs.includes('speech-recognition') && lacks(status?.listening?.speech.state) ? 'a speech model' : undefined;
}
