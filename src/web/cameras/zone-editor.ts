/**
 * The dialog in which the zones of a camera are drawn over its latest picture: with mouse and touch, and with the
 * keyboard. Nothing changes before "Save zones"; what the box refuses stays to be mended.
 */
import { type Api, isAbort, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { LivePicture } from '../finding/picture.ts';
import type { CameraJson, ZoneJson } from '../wire.ts';
import { type Corner, cornerAfter, placeFor, placeWords, within } from './zone-corners.ts';
import { zoneOverlay } from './zones.ts';

/** What an arrow key moves by; with Shift so many times as far. */
const STEP = 0.01;
const FAR = 5;
const ARROWS: Record<string, Corner> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

export class ZoneEditor {
  readonly #api: Api;
  readonly #saved: (camera: string) => void;
  readonly #signal: AbortSignal;
  readonly #dialog = byId('zones-dialog', HTMLDialogElement);
  readonly #field = byId('zones-field', HTMLElement);
  readonly #list = byId('zones-list', HTMLElement);
  readonly #said = byId('zones-said', HTMLElement);
  readonly #problem = byId('zones-problem', HTMLElement);
  readonly #submit = byId('zones-submit', HTMLButtonElement);
  #camera: Pick<CameraJson, 'stream_id' | 'name'> = { stream_id: '', name: '' };
  #zones: ZoneJson[] = [];
  #chosen = 0;
  /** A zone that is being drawn gets its corners in the order in which they come. */
  #drawing = false;
  #picture: LivePicture | undefined;

  constructor(api: Api, saved: (camera: string) => void, signal: AbortSignal) {
    this.#api = api;
    this.#saved = saved;
    this.#signal = signal;
    const on = (id: string, action: () => void): void =>
      byId(id, HTMLButtonElement).addEventListener('click', action, { signal });
    on('zones-new', () => this.#addZone());
    on('zones-corner', () => this.#addCorner(this.#polygon.length - 1));
    on('zones-cancel', () => this.#dialog.close());
    this.#field.addEventListener('click', (event) => this.#clicked(event), { signal });
    this.#dialog.addEventListener('close', () => this.#picture?.end(), { signal });
    byId('zones-form', HTMLFormElement).addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        void this.#save();
      },
      { signal },
    );
    signal.addEventListener('abort', () => this.#dialog.close());
  }

  open(camera: CameraJson): void {
    this.#camera = camera;
    this.#zones = structuredClone(camera.zones ?? []);
    this.#chosen = 0;
    this.#drawing = false;
    setText(byId('zones-title', HTMLElement), `Zones of ${camera.name}`);
    setText(this.#said, '');
    setHidden(this.#problem, true);
    const image = el('img', { alt: '', hidden: true });
    this.#field.replaceChildren(image);
    this.#dialog.showModal();
    this.#picture = new LivePicture(this.#api, camera.stream_id, image, (has) => {
      setHidden(image, !has);
      if (has) this.#field.style.setProperty('--ratio', String(image.naturalWidth / image.naturalHeight));
    });
    this.#picture.refresh();
    this.#listZones();
    byId('zones-new', HTMLButtonElement).focus();
  }

  get #polygon(): Corner[] {
    return this.#zones[this.#chosen]?.polygon ?? [];
  }

  #addZone(): void {
    const names = new Set(this.#zones.map(({ name }) => name.toLowerCase()));
    let number = this.#zones.length + 1;
    while (names.has(`zone ${number}`)) number += 1;
    this.#chosen = this.#zones.push({ name: `zone ${number}`, polygon: [] }) - 1;
    this.#drawing = true;
    this.#listZones();
    const input = this.#list.lastElementChild?.querySelector('input');
    input?.focus();
    input?.select();
  }

  #choose(index: number): void {
    if (this.#chosen === index) return;
    this.#chosen = index;
    this.#drawing = false;
    this.#draw();
  }

  #clicked(event: MouseEvent): void {
    if (event.target instanceof HTMLButtonElement) return;
    if (this.#zones.length === 0) this.#addZone();
    const corner = this.#placeOf(event);
    const polygon = this.#polygon;
    this.#insert(this.#drawing ? polygon.length : placeFor(polygon, corner), corner);
  }

  #addCorner(after: number): void {
    if (this.#zones.length === 0) this.#addZone();
    this.#insert(after + 1, cornerAfter(this.#polygon, after));
  }

  #insert(index: number, corner: Corner): void {
    this.#polygon.splice(index, 0, corner);
    this.#draw();
    this.#focus(index);
    this.#say(`Corner ${index + 1} of ${this.#polygon.length}, ${placeWords(corner)}`);
  }

  #remove(index: number): void {
    this.#polygon.splice(index, 1);
    this.#draw();
    this.#say(`${this.#polygon.length} corners left`);
    if (this.#polygon.length === 0) byId('zones-corner', HTMLButtonElement).focus();
    else this.#focus(Math.max(0, index - 1));
  }

  #move(index: number, to: Corner): void {
    this.#polygon[index] = within(to);
    this.#drawing = false;
    this.#draw();
  }

  /** Rows for the zones; a row's name is what chooses it. */
  #listZones(): void {
    this.#list.replaceChildren(...this.#zones.map((zone, i) => this.#row(zone, i)));
    setText(byId('zones-empty', HTMLElement), this.#zones.length > 0 ? '' : 'No zone yet.');
    this.#draw();
  }

  #row(zone: ZoneJson, index: number): HTMLElement {
    const name = el('input', { 'aria-label': `Name of zone ${index + 1}`, maxlength: 100, required: true });
    name.value = zone.name;
    name.addEventListener('focus', () => this.#choose(index));
    name.addEventListener('input', () => {
      zone.name = name.value.trim();
      this.#draw();
    });
    const gone = el('button', { type: 'button', 'aria-label': `Delete zone ${index + 1}` }, 'Delete');
    gone.addEventListener('click', () => {
      this.#zones.splice(index, 1);
      this.#chosen = Math.max(0, Math.min(this.#chosen, this.#zones.length - 1));
      this.#drawing = false;
      this.#listZones();
      byId('zones-new', HTMLButtonElement).focus();
    });
    return el('li', {}, name, gone);
  }

  /** Corners keep their buttons while they are as many, so that neither the pointer nor the keyboard loses one. */
  #draw(): void {
    const overlay = zoneOverlay(this.#zones);
    overlay.querySelectorAll('polygon')[this.#chosen]?.classList.add('is-chosen');
    const image = this.#field.querySelector('img');
    this.#field.querySelector('.zones')?.remove();
    image?.after(overlay);
    this.#list.querySelectorAll('li').forEach((row, i) => {
      row.classList.toggle('is-chosen', i === this.#chosen);
    });
    const polygon = this.#polygon;
    const corners = this.#corners();
    for (const corner of corners.splice(polygon.length)) corner.remove();
    for (let i = corners.length; i < polygon.length; i += 1) this.#field.append(this.#cornerButton(i));
    const zone = this.#zones[this.#chosen]?.name ?? '';
    this.#corners().forEach((button, i) => {
      const [x, y] = polygon[i] ?? [0, 0];
      button.style.left = `${x * 100}%`;
      button.style.top = `${y * 100}%`;
      button.setAttribute('aria-label', `Corner ${i + 1} of ${polygon.length} of ${zone}, ${placeWords([x, y])}`);
    });
  }

  #cornerButton(index: number): HTMLButtonElement {
    const button = el('button', { type: 'button', class: 'zone-corner' });
    button.addEventListener('pointerdown', (event) => button.setPointerCapture(event.pointerId));
    button.addEventListener('pointermove', (event) => {
      if (button.hasPointerCapture(event.pointerId)) this.#move(index, this.#placeOf(event));
    });
    button.addEventListener('keydown', (event) => this.#pressed(event, index));
    return button;
  }

  #pressed(event: KeyboardEvent, index: number): void {
    const [x, y] = this.#polygon[index] ?? [0, 0];
    const arrow = ARROWS[event.key];
    if (arrow) {
      const times = event.shiftKey ? FAR : 1;
      this.#move(index, [x + arrow[0] * times, y + arrow[1] * times]);
      this.#say(placeWords(this.#polygon[index] ?? [x, y]));
    } else if (event.key === 'Enter') this.#addCorner(index);
    else if (event.key === 'Delete' || event.key === 'Backspace') this.#remove(index);
    else return;
    event.preventDefault();
  }

  #placeOf(event: MouseEvent): Corner {
    const { left, top, width, height } = this.#field.getBoundingClientRect();
    return within([(event.clientX - left) / width, (event.clientY - top) / height]);
  }

  #corners(): HTMLButtonElement[] {
    return [...this.#field.querySelectorAll('button')];
  }

  #focus(index: number): void {
    this.#corners()[index]?.focus();
  }

  #say(words: string): void {
    setText(this.#said, words);
  }

  async #save(): Promise<void> {
    this.#submit.disabled = true;
    setHidden(this.#problem, true);
    try {
      const path = `/v1/streams/${encodeURIComponent(this.#camera.stream_id)}/zones`;
      await this.#api.send('PUT', path, { zones: this.#zones }, this.#signal);
      this.#dialog.close();
      this.#saved(this.#camera.name);
    } catch (error) {
      if (isAbort(error)) return;
      setText(this.#problem, reasonOf(error));
      setHidden(this.#problem, false);
    } finally {
      this.#submit.disabled = false;
    }
  }
}
