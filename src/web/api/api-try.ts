/** "Try it": sends a GET as whoever has signed in on this browser and shows the answer. Nothing here can change anything on the box. */
import { Api, reasonOf } from '../api.ts';
import { el, setHidden } from '../dom.ts';
import { isSignedIn, signIn } from '../session.ts';
import type { Operation, Parameter } from './api-document.ts';
import { addressOf } from './api-example.ts';

const LONGEST_SHOWN = 200_000;

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
  setHidden(keyField, true); // Until it is known that nobody has signed in.
  if (!operation.open) {
    isSignedIn().then(
      (known) => setHidden(keyField, known),
      () => setHidden(keyField, false), // The box is away: sending says so.
    );
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const values = inputs.map(({ parameter, input }) => ({ parameter, value: input.value.trim() }));
    output.replaceChildren(el('p', { class: 'hint' }, 'Asking…'));
    void send(addressOf(operation.path, values), key.value.trim())
      .then(({ shown, refused }) => {
        setHidden(keyField, operation.open || !refused);
        output.replaceChildren(...shown);
      })
      .catch((error: unknown) => output.replaceChildren(el('p', { class: 'problem' }, reasonOf(error))));
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

/** What to show, and whether the box wants to know first who asks. */
async function send(address: string, key: string): Promise<{ shown: HTMLElement[]; refused: boolean }> {
  const startedMs = performance.now();
  if (key !== '') await signIn({ key }, false);
  const response = await new Api().fetch(address);
  const shown = await show(response);
  const took = Math.round(performance.now() - startedMs);
  const line = `Status ${response.status} · ${took} ms`;
  return {
    shown: [el('p', { class: response.ok ? 'hint' : 'problem' }, line), shown],
    refused: response.status === 401,
  };
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
