/** One operation of the API: a line to open, and behind it what the route takes, answers and looks like in a shell. */

import { type Child, el, setText } from '../dom.ts';
import type { Media, Operation, Parameter } from './api-document.ts';
import { curlOf } from './api-example.ts';
import { type Direction, fieldList, schemaView } from './api-fields.ts';
import type { Schemas } from './api-schema.ts';
import { canTry, tryPanel } from './api-try.ts';

export interface Surroundings {
  schemas: Schemas;
  /** Where the box is reached, as `http://box:8080`. */
  origin: string;
}

/** Closed; its inside is built when it is opened for the first time. */
export function operationView(operation: Operation, around: Surroundings): HTMLDetailsElement {
  const { id, method, path, summary, open } = operation;
  const head = el(
    'summary',
    { class: 'operation-head' },
    el('span', { class: 'method', 'data-method': method }, method),
    pathView(path),
    open && el('span', { class: 'tag' }, 'open'),
    el('span', { class: 'operation-summary' }, summary),
  );
  const details = el('details', { id, class: 'operation' }, head);
  details.addEventListener('toggle', () => details.append(inside(operation, around)), { once: true });
  return details;
}

/** The path may break behind its slashes. */
export function pathView(path: string): HTMLElement {
  const parts = path.split(/(?=\/)/).flatMap((part) => [el('wbr'), part]);
  return el('code', { class: 'path' }, ...parts);
}

function inside(operation: Operation, around: Surroundings): HTMLElement {
  const { id, description, parameters, body, answer, job } = operation;
  return el(
    'div',
    { class: 'operation-inside' },
    description ? el('p', {}, ...prose(description)) : null,
    part('In the path', parametersView(parameters, 'path', around)),
    part('Query', parametersView(parameters, 'query', around)),
    part(body?.required === false ? 'Body, optional' : 'Body', body && mediaView(body, around, 'sent')),
    part(`Answer ${answer.status}`, job && jobNote(), mediaView(answer, around, 'answered')),
    part('Example', codeView(curlOf(operation, around.origin, around.schemas))),
    canTry(operation) && part('Try it', tryPanel(operation)),
    el('p', { class: 'hint' }, el('a', { href: `#${id}` }, 'Link to this route')),
  );
}

function part(title: string, ...children: Child[]): HTMLElement | null {
  const shown = children.filter((child) => child);
  return shown.length > 0 ? el('section', {}, el('h4', {}, title), ...shown) : null;
}

function parametersView(parameters: readonly Parameter[], place: Parameter['in'], { schemas }: Surroundings): Child {
  const fields = parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, schema, required }) => ({ name, schema, required: place !== 'path' && (required ?? false) }));
  return fieldList(fields, schemas, 'sent');
}

function mediaView({ mediaType, schema }: Media, { schemas }: Surroundings, direction: Direction): HTMLElement {
  if (mediaType === 'application/json' && schema) return schemaView(schema, schemas, direction);
  return el('div', {}, el('p', { class: 'hint' }, mediaType), schema ? schemaView(schema, schemas, direction) : null);
}

function jobNote(): HTMLElement {
  return el(
    'p',
    { class: 'hint' },
    'What takes longer than a few seconds is answered with "status": "processing" and an "output_url" to ask again.',
  );
}

/** Text in which backticks set code apart. */
export function prose(text: string): Child[] {
  return text.split('`').map((piece, at) => (at % 2 === 0 ? piece : el('code', {}, piece)));
}

/** Text to copy. */
function codeView(text: string): HTMLElement {
  const button = el('button', { class: 'quiet copy', type: 'button' }, 'Copy');
  button.addEventListener('click', () => {
    navigator.clipboard?.writeText(text).then(
      () => setText(button, 'Copied'),
      () => setText(button, 'Select and copy it'),
    );
  });
  // Browsers give pages the clipboard over https and on the box itself only.
  const canCopy = 'clipboard' in navigator;
  return el(
    'div',
    { class: 'example' },
    el('pre', { class: 'code', tabindex: 0 }, el('code', {}, text)),
    canCopy && button,
  );
}
