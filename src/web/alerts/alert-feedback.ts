/**
 * Below an alert that fired: whether it was right, which can be taken back; and when the marks of its alert speak for
 * another threshold, the offer to use it, which can be taken back as well. Nothing changes that nobody has asked for.
 */
import { type Api, reasonOf } from '../api.ts';
import { el, setHidden, setText } from '../dom.ts';
import { percent } from '../format.ts';
import type { AlertJson, FeedbackJson } from '../wire.ts';

type Verdict = 'right' | 'wrong';
const WORDS: Record<Verdict, string> = { right: 'Right', wrong: 'Wrong' };

export class AlertFeedback {
  readonly element: HTMLElement;
  readonly #api: Pick<Api, 'get' | 'send'>;
  readonly #alert: AlertJson;
  readonly #buttons: Record<Verdict, HTMLButtonElement>;
  readonly #undo = el('button', { type: 'button', class: 'quiet' }, 'Undo');
  readonly #words = el('span', { role: 'status' });
  readonly #apply = el('button', { type: 'button', hidden: true });
  #isBusy = false;
  #onApply: () => Promise<void> = async () => undefined;

  constructor(api: Pick<Api, 'get' | 'send'>, alert: AlertJson) {
    this.#api = api;
    this.#alert = alert;
    const button = (verdict: Verdict) => {
      const made = el('button', { type: 'button' }, WORDS[verdict]);
      made.addEventListener('click', () => void this.#try(() => this.#mark(verdict)));
      return made;
    };
    this.#buttons = { right: button('right'), wrong: button('wrong') };
    this.#undo.addEventListener('click', () => void this.#try(() => this.#takeBack()));
    this.#apply.addEventListener('click', () => void this.#try(() => this.#onApply()));
    const { right, wrong } = this.#buttons;
    const group = { class: 'alert-feedback', role: 'group', 'aria-label': `Was “${alert.label}” right?` };
    this.element = el('div', group, right, wrong, this.#undo, this.#words, this.#apply);
    this.#show(alert.feedback?.verdict);
  }

  async #mark(verdict: Verdict): Promise<void> {
    await this.#api.send('PUT', this.#path(), { verdict });
    this.#show(verdict);
    await this.#suggest();
  }

  async #takeBack(): Promise<void> {
    await this.#api.send('DELETE', this.#path());
    this.#show(undefined);
    this.#buttons.right.focus();
    await this.#suggest();
  }

  /** Another box's alert is set there. */
  async #suggest(): Promise<void> {
    if (this.#alert.box) return;
    const { threshold, suggestion } = await this.#api.get<FeedbackJson>(`${this.#alertPath()}/feedback`, { limit: 1 });
    const isNews = suggestion !== undefined && suggestion.threshold !== threshold;
    setText(this.#words, suggestion && isNews ? suggestionWords(suggestion) : '');
    if (isNews) this.#offer(offerWords(suggestion.threshold), suggestion.threshold, threshold);
    setHidden(this.#apply, !isNews);
  }

  /** The button sets the threshold; afterwards it sets back what was before. */
  #offer(words: string, threshold: number, before: number): void {
    setText(this.#apply, words);
    this.#onApply = async () => {
      await this.#api.send('PATCH', this.#alertPath(), { threshold });
      setText(this.#words, threshold > 0 ? `Told from ${percent(threshold)} on.` : 'Everything is told again.');
      this.#offer(threshold > before ? 'Undo this' : offerWords(before), before, threshold);
    };
  }

  async #try(work: () => Promise<void>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await work();
    } catch (error) {
      setText(this.#words, reasonOf(error));
    } finally {
      this.#isBusy = false;
    }
  }

  #show(verdict: Verdict | undefined): void {
    for (const known of ['right', 'wrong'] as const) {
      this.#buttons[known].setAttribute('aria-pressed', String(known === verdict));
    }
    setHidden(this.#undo, verdict === undefined);
  }

  #path(): string {
    return `/v1/alerts/${encodeURIComponent(this.#alert.id)}/feedback`;
  }

  #alertPath(): string {
    const { stream_id: stream, index_id: index, alert_id: alert } = this.#alert;
    return `/rtstream/${encodeURIComponent(stream)}/index/${encodeURIComponent(index)}/alert/${encodeURIComponent(alert)}`;
  }
}

function offerWords(threshold: number): string {
  return `Tell only from ${percent(threshold)} on`;
}

/** "From 46 % on, 3 of 5 would have been told." */
function suggestionWords({ threshold, fired, would_have_fired: left }: FeedbackJson['suggestion'] & {}): string {
  return `From ${percent(threshold)} on, ${left} of ${fired} would have been told.`;
}
