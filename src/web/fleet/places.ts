/** Where to look: all cameras, one, or those of one box; offered by the search and by the feed. */
import { el, setHidden } from '../dom.ts';
import type { BoxJson } from '../wire.ts';

interface Named {
  stream_id: string;
  name: string;
}

const OF_BOX = 'box:';

export class Places {
  readonly #selects: readonly HTMLSelectElement[];
  readonly #onlyWithBoxes: HTMLSelectElement;
  #own: { id: string; cameras: readonly Named[] } = { id: '', cameras: [] };
  #boxes: readonly BoxJson[] = [];
  #shown = '';

  /** The second one is hidden as long as no other box sends here. */
  constructor(always: HTMLSelectElement, onlyWithBoxes: HTMLSelectElement) {
    this.#selects = [always, onlyWithBoxes];
    this.#onlyWithBoxes = onlyWithBoxes;
    for (const select of this.#selects) select.value = '';
    this.#draw();
  }

  showOwn(boxId: string, cameras: readonly Named[]): void {
    this.#own = { id: boxId, cameras };
    this.#draw();
  }

  showBoxes(boxes: readonly BoxJson[]): void {
    this.#boxes = boxes;
    this.#draw();
  }

  /** What was chosen stays chosen as long as it is there. */
  #draw(): void {
    const groups = groupsOf(this.#own, this.#boxes);
    const words = JSON.stringify(groups);
    if (words === this.#shown) return;
    this.#shown = words;
    for (const select of this.#selects) {
      const chosen = select.value;
      select.replaceChildren(el('option', { value: '' }, 'All cameras'), ...groups.flatMap(drawn));
      select.value = chosen;
      if (select.selectedIndex < 0) {
        select.value = '';
        select.dispatchEvent(new Event('change'));
      }
    }
    setHidden(this.#onlyWithBoxes, this.#boxes.length === 0);
  }
}

/** The part of a query that says where to look. */
export function placeQuery(place: string): { box?: string; stream?: string } {
  if (place.startsWith(OF_BOX)) return { box: place.slice(OF_BOX.length) };
  return place === '' ? {} : { stream: place };
}

/** Whether something happened there. `ownId` is the box whose page this is. */
export function isAt(place: string, { stream_id, box }: { stream_id: string; box?: { id: string } }, ownId: string) {
  const { box: wanted, stream = stream_id } = placeQuery(place);
  return wanted === undefined ? stream === stream_id : wanted === (box?.id ?? ownId);
}

interface Group {
  label: string;
  options: { value: string; name: string }[];
}

/** Without other boxes there is nothing to tell apart. */
export function groupsOf(own: { id: string; cameras: readonly Named[] }, boxes: readonly BoxJson[]): Group[] {
  const cameras = own.cameras.map(({ stream_id: value, name }) => ({ value, name }));
  if (boxes.length === 0) return [{ label: '', options: cameras }];
  const groups = boxes.map(({ id, name, cameras: theirs }) => {
    const here = theirs.filter((camera) => camera.here);
    const options = here.map(({ rtstream_id: value, name: one }) => ({ value, name: one }));
    return { label: name, options: [{ value: OF_BOX + id, name: `All of ${name}` }, ...options] };
  });
  if (cameras.length === 0) return groups;
  const ours = { value: OF_BOX + own.id, name: 'All of this box' };
  return [{ label: 'This box', options: [ours, ...cameras] }, ...groups];
}

function drawn({ label, options }: Group): HTMLElement[] {
  const drawnOptions = options.map(({ value, name }) => el('option', { value }, name));
  return label === '' ? drawnOptions : [el('optgroup', { label }, ...drawnOptions)];
}
