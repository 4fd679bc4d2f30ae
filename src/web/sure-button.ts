/** A button that acts when it is pressed twice: the first time it asks, and after a while it has forgotten. */
import { el, setText } from './dom.ts';

const ASKS_FOR_MS = 6000;

export function sureButton(verb: string, what: string, act: () => void): HTMLButtonElement {
  const button = el('button', { type: 'button', 'aria-label': `${verb} ${what}` }, verb);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = (): void => {
    clearTimeout(timer);
    timer = undefined;
    setText(button, verb);
    button.setAttribute('aria-label', `${verb} ${what}`);
  };
  button.addEventListener('click', () => {
    if (timer !== undefined) {
      rest();
      return act();
    }
    setText(button, `${verb}: sure?`);
    button.setAttribute('aria-label', `${verb} ${what}: press again to do it`);
    timer = setTimeout(rest, ASKS_FOR_MS);
  });
  return button;
}
