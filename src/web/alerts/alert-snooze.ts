/** Below an alert that fired: nobody is told of it again for an hour. It is ended in the list of alerts. */
import { type Api, reasonOf } from '../api.ts';
import { el, setText } from '../dom.ts';
import type { AlertJson, ArmedAlertJson } from '../wire.ts';
import { hour } from './arming-words.ts';

export function alertSnooze(api: Pick<Api, 'send' | 'now'>, alert: AlertJson): HTMLElement {
  const button = el('button', { type: 'button', 'aria-label': `Snooze 1 h for ${alert.label}` }, 'Snooze 1 h');
  const words = el('span', { role: 'status' });
  const snooze = async (): Promise<void> => {
    button.disabled = true;
    try {
      const { snoozed_until: until } = await api.send<ArmedAlertJson>('PATCH', pathOf(alert), { minutes: 60 });
      setText(words, until === undefined ? '' : `Snoozed until ${hour(until, api.now())}`);
    } catch (error) {
      setText(words, reasonOf(error));
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener('click', () => void snooze());
  return el('div', { class: 'alert-feedback' }, button, words);
}

function pathOf({ stream_id: stream, index_id: index, alert_id: alert }: AlertJson): string {
  const [of, on] = [encodeURIComponent(stream), encodeURIComponent(index)];
  return `/rtstream/${of}/index/${on}/alert/${encodeURIComponent(alert)}/snooze`;
}
