/** "Try it": sends a GET with the key of this browser and shows the answer. Nothing here can change anything on the box. */
import { Api, getRaw, reasonOf } from './api.ts';
import type { Operation, Parameter } from './api-document.ts';
import { addressOf } from './api-example.ts';
import { el, setHidden } from './dom.ts';
import { type KeyPlaces, loadKey, saveKey } from './key.ts';

const LONGEST_SHOWN = 200_000;
const places: KeyPlaces = { session: sessionStorage, device: localStorage };

/** Only what reads, and what ends by itself. */
export function canTry({ method, answer }: Operation): boolean {
  return method === 'GET' && answer.mediaType !== 'text/event-stream';
}

export function tryPanel(operation: Operation): HTMLElement {
  const inputs = operation.parameters.map((parameter) => ({ parameter, input: inputFor(operation, parameter) }));
  const key = el('input', {
    type: 'password',
    autocomplete: 'current-password',
    placeholder: 'sk-…',
    'aria-label': 'API key',
  });
  const keyField = el('label', { class: 'field' }, el('span', {}, 'API key'), key);
  const output = el('div', { class: 'try-output', role: 'status' });
  const form = el(
    'form',
    { class: 'try' },
    ...inputs.map(({ parameter, input }) => el('label', { class: 'field' }, el('span', {}, parameter.name), input)),
    keyField,
    el('button', { class: 'primary', type: 'submit' }, 'Send'),
  );
  let refused: string | undefined;
  const showKeyField = (): void => {
    const known = loadKey(places);
    setHidden(keyField, operation.open || (known !== undefined && known !== refused));
  };
  showKeyField();
  form.addEventListener('focusin', showKeyField);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (key.value.trim() !== '') saveKey(key.value.trim(), false, places);
    const values = inputs.map(({ parameter, input }) => ({ parameter, value: input.value.trim() }));
    output.replaceChildren(el('p', { class: 'hint' }, 'Asking…'));
    void send(operation, addressOf(operation.path, values), (used) => {
      refused = used;
    })
      .catch((error: unknown) => [el('p', { class: 'problem' }, reasonOf(error))])
      .then((shown) => output.replaceChildren(...shown))
      .finally(showKeyField);
  });
  return el('div', {}, form, output);
}

function inputFor({ id }: Operation, { name, required, schema }: Parameter): HTMLInputElement {
  return el('input', {
    id: `${id}-${name}`,
    required: required ?? false,
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: schema.default === undefined ? undefined : JSON.stringify(schema.default),
  });
}

/** What to show; `refuse` is told of a key that the box doesn't accept. */
async function send(
  { open }: Operation,
  address: string,
  refuse: (key: string | undefined) => void,
): Promise<HTMLElement[]> {
  const key = loadKey(places);
  if (!open && key === undefined) throw new Error('This route needs an API key.');
  const startedMs = performance.now();
  const response = key === undefined ? await getRaw(address) : await new Api(key).fetch(address);
  if (response.status === 401) refuse(key);
  const shown = await show(response);
  const took = Math.round(performance.now() - startedMs);
  const line = `Status ${response.status} · ${took} ms`;
  return [el('p', { class: response.ok ? 'hint' : 'problem' }, line), shown];
}

async function show(response: Response): Promise<HTMLElement> {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('image/')) {
    const image = el('img', { alt: 'The answer', src: URL.createObjectURL(await response.blob()) });
    image.addEventListener('load', () => URL.revokeObjectURL(image.src), { once: true });
    return image;
  }
  const text = await response.text();
  const pretty = type.startsWith('application/json') ? JSON.stringify(JSON.parse(text), null, 2) : text;
  const rest = pretty.length - LONGEST_SHOWN;
  const words = rest > 0 ? `${pretty.slice(0, LONGEST_SHOWN)}\n… and ${rest} characters more` : pretty;
  return el('pre', { class: 'code', tabindex: 0 }, el('code', {}, words));
}
