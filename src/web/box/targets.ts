/** What goes elsewhere: what waits for each target, how long that will take, what went wrong; paused and hurried here. */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { age, bytes, plural, span } from '../format.ts';
import type { TargetJson } from '../wire.ts';

/** Hidden without any. Rows are kept while their target is there, so that the keyboard's place is not lost. */
export class Targets {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #list = byId('targets-list', HTMLElement);
  readonly #problem = byId('targets-problem', HTMLElement);
  readonly #rows = new Map<string, Row>();

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    this.#list.replaceChildren();
  }

  show(targets: readonly TargetJson[]): void {
    setHidden(byId('targets', HTMLElement), targets.length === 0);
    const items = targets.reduce((sum, { waiting }) => sum + itemsOf(waiting), 0);
    setText(byId('targets-count', HTMLElement), items === 0 ? 'all sent' : `${plural(items, 'thing')} to send`);
    for (const [name, { element }] of this.#rows) {
      if (targets.some((target) => target.name === name)) continue;
      element.remove();
      this.#rows.delete(name);
    }
    for (const target of targets) this.#row(target).show(target, this.#api.now());
  }

  #row({ name }: TargetJson): Row {
    const known = this.#rows.get(name);
    if (known) return known;
    const row = new Row(name, (errand) => void this.#ask(errand, name));
    this.#rows.set(name, row);
    this.#list.append(row.element);
    return row;
  }

  async #ask(errand: Errand, target: string): Promise<void> {
    setHidden(this.#problem, true);
    try {
      const path = `/v1/control/sync/${errand}`;
      this.show((await this.#api.post<{ targets: TargetJson[] }>(path, { target }, this.#signal)).targets);
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#problem, reasonOf(error));
      setHidden(this.#problem, false);
    }
  }
}

type Errand = 'pause' | 'resume' | 'now';

class Row {
  readonly element: HTMLElement;
  readonly #name: string;
  readonly #state = el('span', { class: 'arming-state' });
  readonly #facts = el('span', {});
  readonly #problems = el('span', { class: 'row-words', hidden: true });
  readonly #hold = el('button', { type: 'button' });
  readonly #now: HTMLButtonElement;
  #isPaused = false;

  constructor(name: string, ask: (errand: Errand) => void) {
    this.#name = name;
    this.#now = el('button', { type: 'button', 'aria-label': `Send to ${name} now` }, 'Send now');
    this.#now.addEventListener('click', () => ask('now'));
    this.#hold.addEventListener('click', () => ask(this.#isPaused ? 'resume' : 'pause'));
    this.element = el(
      'li',
      {},
      el('span', { class: 'arming-words' }, el('strong', {}, name), this.#state, this.#facts),
      el('span', { class: 'arming-actions' }, this.#now, this.#hold),
      this.#problems,
    );
  }

  show(target: TargetJson, nowMs: number): void {
    const { tone, state, facts, problems } = targetWords(target, nowMs);
    this.#isPaused = target.phase === 'paused';
    this.element.dataset.tone = tone;
    setText(this.#state, state);
    setText(this.#facts, facts);
    setText(this.#problems, problems.join(' '));
    setHidden(this.#problems, problems.length === 0);
    setText(this.#hold, this.#isPaused ? 'Resume' : 'Pause');
    this.#hold.setAttribute('aria-label', `${this.#isPaused ? 'Resume' : 'Pause'} ${this.#name}`);
    setHidden(this.#now, this.#isPaused || itemsOf(target.waiting) === 0);
  }
}

const KINDS = { alert: 'alert', picture: 'picture', clip: 'clip', records: 'batch', segment: 'recording' } as const;

/** How a target does, for a person. */
export function targetWords(target: TargetJson, nowMs: number) {
  const { waiting, oldest_waiting_ms: oldestMs, left_ms: leftMs, last_error: error, phase } = target;
  const kinds = waiting.filter(({ items }) => items > 0);
  const room = bytes(kinds.reduce((sum, one) => sum + one.bytes, 0));
  const things = kinds.map(({ kind, items }) => plural(items, KINDS[kind], kind === 'records' ? 'batches' : undefined));
  const facts = [
    things.length > 0 && `${things.join(', ')} to send (${room})`,
    things.length > 0 && oldestMs !== undefined && `the oldest for ${age(oldestMs, nowMs)}`,
    things.length > 0 && leftMs !== undefined && `about ${span(leftMs / 1000)} left`,
    target.sent_bytes > 0 && `${bytes(target.sent_bytes)} sent`,
  ];
  const gone = target.lost + target.dropped;
  const problems = [
    phase === 'waiting' && error && `${error.message}.`,
    target.given_up > 0 &&
      `Refused ${plural(target.given_up, 'thing')} for good: ${target.refusal ?? 'no reason given'}.`,
    gone > 0 && `${plural(gone, 'thing')} had to be deleted before being sent.`,
  ];
  return {
    tone: phase === 'waiting' || phase === 'paused' ? ('quiet' as const) : ('armed' as const),
    state: stateWords(target, nowMs),
    facts: facts.filter(Boolean).join(' · '),
    problems: problems.filter((problem) => typeof problem === 'string'),
  };
}

function stateWords({ phase, why, waiting, next_try_ms: nextMs, paused_by: by }: TargetJson, nowMs: number): string {
  switch (phase) {
    case 'sending':
      return 'sending';
    case 'idle':
      return itemsOf(waiting) === 0 ? 'all sent' : 'about to send';
    case 'later':
      return why ? `later: ${why}` : 'later';
    case 'paused':
      return by ? `paused by ${by}` : 'paused';
    case 'waiting':
      return nextMs !== undefined && nextMs > nowMs
        ? `fails; tries again in ${age(nowMs, nextMs)}`
        : 'fails; tries again';
  }
}

function itemsOf(waiting: TargetJson['waiting']): number {
  return waiting.reduce((sum, { items }) => sum + items, 0);
}
