/** One box that sends here: how it is, what can be done about it, and its cameras. */
import { el, setHidden, setText } from '../dom.ts';
import { sureButton } from '../sure-button.ts';
import type { BoxJson } from '../wire.ts';
import { SentCamera, type SentCameraActions } from './sent-camera.ts';
import type { SentTimelines } from './sent-timelines.ts';
import { boxWords } from './sent-words.ts';

export interface BoxGroupActions extends SentCameraActions {
  ask(method: 'POST' | 'DELETE', path: string, done: string): void;
  timelines: SentTimelines;
}

/** What stays is kept as it is, so that the keyboard's place is not lost. */
export class BoxGroup {
  readonly element: HTMLElement;
  readonly #actions: BoxGroupActions;
  readonly #cameras = new Map<string, SentCamera>();
  readonly #name = el('h3', {});
  readonly #state = el('span', { class: 'arming-state' });
  readonly #facts = el('span', { class: 'arming-words' });
  readonly #problems = el('ul', { class: 'camera-notes', hidden: true });
  readonly #act = el('span', { class: 'arming-actions' });
  readonly #grid = el('div', { class: 'camera-grid' });
  #actsOn = '';

  constructor(box: BoxJson, actions: BoxGroupActions) {
    this.#actions = actions;
    const words = el('span', { class: 'arming-words' }, this.#name, this.#state);
    const head = el('div', { class: 'box-head' }, words, this.#facts, this.#act, this.#problems);
    this.element = el('li', { class: 'box', 'data-box': box.id }, head, this.#grid);
  }

  camera(id: string): SentCamera | undefined {
    return this.#cameras.get(id);
  }

  update(box: BoxJson): void {
    const { tone, state, facts, problems } = boxWords(box, this.#actions.now());
    this.element.dataset.tone = tone;
    this.element.style.setProperty('--box-cameras', String(box.cameras.length));
    setText(this.#name, box.name);
    setText(this.#state, state);
    setText(this.#facts, facts);
    if (problems.join('\n') !== [...this.#problems.children].map((line) => line.textContent).join('\n')) {
      this.#problems.replaceChildren(...problems.map((problem) => el('li', {}, problem)));
    }
    setHidden(this.#problems, problems.length === 0);
    this.#offer(box);
    this.#showCameras(box);
  }

  end(): void {
    for (const camera of this.#cameras.values()) this.#actions.timelines.forget(camera);
    this.element.remove();
  }

  #offer({ id, name, online }: BoxJson): void {
    const on = `${online} ${name}`;
    if (on === this.#actsOn) return;
    this.#actsOn = on;
    const path = `/v1/boxes/${encodeURIComponent(id)}`;
    const ask = (method: 'POST' | 'DELETE', asked: string, done: string) => this.#actions.ask(method, asked, done);
    const button = online
      ? sureButton('Restart', name, () => ask('POST', `${path}/api/v1/control/restart`, `${name} restarts.`))
      : sureButton('Forget', name, () => ask('DELETE', path, `${name} is forgotten.`));
    this.#act.replaceChildren(button);
  }

  #showCameras(box: BoxJson): void {
    for (const [id, camera] of this.#cameras) {
      if (box.cameras.some((one) => one.rtstream_id === id)) continue;
      this.#actions.timelines.forget(camera);
      camera.element.remove();
      this.#cameras.delete(id);
    }
    for (const camera of box.cameras) {
      const known = this.#cameras.get(camera.rtstream_id);
      if (known) known.update(camera, box);
      else this.#add(new SentCamera(camera, box, this.#actions));
    }
  }

  #add(camera: SentCamera): void {
    this.#cameras.set(camera.id, camera);
    this.#grid.append(camera.element);
    this.#actions.timelines.watch(camera);
  }
}
