/** Below what the box understood: who decides where no rule does, and what would fire the alert and what would not. */
import { byId, el } from '../dom.ts';
import type { UnderstoodJson } from '../wire.ts';

export class AlertExamples {
  readonly #list = byId('alert-examples', HTMLElement);

  /** Empty without an answer. */
  show(understood?: UnderstoodJson): void {
    this.#list.replaceChildren(...(understood ? linesOf(understood) : []));
  }
}

function linesOf({ check, would_fire: fires, would_not_fire: silent }: UnderstoodJson): HTMLElement[] {
  const decided =
    check.kind === 'rule'
      ? []
      : [line('check', check.says), ...(check.lacking ?? []).map((one) => line('lacking', one))];
  return [
    ...decided,
    ...fires.map((text) => line('fires', `Would fire: ${text}`)),
    ...silent.map((text) => line('silent', `Would not: ${text}`)),
  ];
}

function line(kind: string, text: string): HTMLElement {
  const item = el('li', {}, text);
  item.dataset.kind = kind;
  return item;
}
