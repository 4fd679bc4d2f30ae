/**
 * Members, parameters and alternatives as lists; what lies inside one is built when it is opened. Of what is sent it is
 * said what must be there, of what is answered what may be missing.
 */

import { el } from '../dom.ts';
import { nameOf, type Schema } from './api-document.ts';
import { type Field, innerFields, limitWords, resolve, type Schemas, typeWords } from './api-schema.ts';

export type Direction = 'sent' | 'answered';

/** A list of fields; undefined when there are none. */
export function fieldList(fields: readonly Field[], schemas: Schemas, direction: Direction): HTMLElement | undefined {
  if (fields.length === 0) return undefined;
  return el(
    'ul',
    { class: 'fields' },
    ...fields.map((field, at) => el('li', {}, fieldOf(field, at, schemas, direction))),
  );
}

/** What a schema holds: its members, or, when it has none, its type. */
export function schemaView(schema: Schema, schemas: Schemas, direction: Direction): HTMLElement {
  const fields = fieldList(innerFields(schema, schemas), schemas, direction);
  return fields ?? el('p', { class: 'hint' }, typeWords(schema, schemas));
}

function fieldOf(field: Field, at: number, schemas: Schemas, direction: Direction): HTMLElement {
  const inner = innerFields(field.schema, schemas);
  if (inner.length === 0) return el('div', { class: 'field-line' }, ...headOf(field, at, schemas, direction));
  const details = el('details', {}, el('summary', { class: 'field-line' }, ...headOf(field, at, schemas, direction)));
  const build = (): void => details.append(fieldList(inner, schemas, direction) ?? '');
  details.addEventListener('toggle', build, { once: true });
  return details;
}

function headOf({ name, schema, required }: Field, at: number, schemas: Schemas, direction: Direction): HTMLElement[] {
  const real = resolve(schema, schemas);
  const title = schema.$ref === undefined ? 'an object' : nameOf(schema.$ref);
  if (name === '') return [el('span', { class: 'field-type' }, `${at === 0 ? 'either' : 'or'} ${title}`)];
  return [
    el('code', {}, name),
    el('span', { class: 'field-type' }, typeWords(schema, schemas)),
    ...(required && direction === 'sent' ? [el('span', { class: 'field-needed' }, 'required')] : []),
    ...(!required && direction === 'answered' ? [el('span', { class: 'field-limit' }, 'not always')] : []),
    ...limitWords(real).map((words) => el('span', { class: 'field-limit' }, words)),
    ...(real.description ? [el('span', { class: 'field-about' }, real.description)] : []),
  ];
}
