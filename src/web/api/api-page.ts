/** `/v1/docs`: the API for people to read, made from the box's own OpenAPI document. Asks for no key. */
import { getRaw, reasonOf } from '../api.ts';
import { byId, el, setHidden, setText } from '../dom.ts';
import { type Group, groupsOf, type OpenApiJson, type Operation } from './api-document.ts';
import { operationView, pathView, prose } from './api-operation.ts';

interface Entry {
  operation: Operation;
  view: HTMLDetailsElement;
  link: HTMLElement;
}
interface Section {
  entries: Entry[];
  parts: HTMLElement[];
}

const filter = byId('filter', HTMLInputElement);

async function start(): Promise<void> {
  const response = await getRaw('/v1/openapi.json');
  if (!response.ok) throw new Error(`The box answered ${response.status} instead of its description.`);
  // The box's own document, made by the same version as this page.
  const json = (await response.json()) as OpenApiJson;
  setText(byId('version', HTMLElement), json.info.version);
  const paragraphs = json.info.description.split('\n\n').map((text) => el('p', {}, ...prose(text)));
  byId('about', HTMLElement).append(...paragraphs);
  setText(byId('first-call', HTMLElement), `KEY=sk-…\ncurl -H "x-access-token: $KEY" ${location.origin}/v1/status`);
  const sections = groupsOf(json).map((group) => addGroup(group, json));
  const entries = sections.flatMap((section) => section.entries);
  filter.addEventListener('input', () => narrow(sections));
  narrow(sections);
  listenToKeys();
  const openNamed = (): void => openByHash(entries);
  window.addEventListener('hashchange', openNamed);
  openNamed();
}

function addGroup({ id, name, description, operations }: Group, { components }: OpenApiJson): Section {
  const around = { schemas: components.schemas, origin: location.origin };
  const entries = operations.map((operation) => ({
    operation,
    view: operationView(operation, around),
    link: el('li', {}, linkTo(operation)),
  }));
  for (const { operation, view } of entries) view.addEventListener('toggle', () => view.open && remember(operation.id));
  const contents = el(
    'section',
    {},
    el('h2', {}, el('a', { href: `#${id}` }, name)),
    el('ul', {}, ...entries.map(({ link }) => link)),
  );
  const group = el(
    'section',
    { id, class: 'group', 'aria-labelledby': `${id}-title` },
    el('h2', { id: `${id}-title` }, name),
    description ? el('p', { class: 'group-about' }, ...prose(description)) : null,
    ...entries.map(({ view }) => view),
  );
  byId('contents', HTMLElement).append(contents);
  byId('groups', HTMLElement).append(group);
  return { entries, parts: [contents, group] };
}

function linkTo({ id, method, path }: Operation): HTMLElement {
  return el('a', { href: `#${id}` }, el('span', { class: 'method', 'data-method': method }, method), pathView(path));
}

/** The address names what was opened last, to be copied; it is no step to come back to. */
function remember(id: string): void {
  if (location.hash !== `#${id}`) history.replaceState(null, '', `#${id}`);
}

function openByHash(entries: readonly Entry[]): void {
  const id = decodeURIComponent(location.hash.slice(1));
  const found = entries.find(({ operation }) => operation.id === id);
  if (!found) return;
  if (found.view.hidden) {
    filter.value = '';
    filter.dispatchEvent(new Event('input'));
  }
  found.view.open = true;
  found.view.scrollIntoView({ block: 'start' });
  found.view.querySelector('summary')?.focus({ preventScroll: true });
}

/** Shows what has every word of the filter. */
function narrow(sections: readonly Section[]): void {
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { entries, parts } of sections) {
    let shown = 0;
    for (const { operation, view, link } of entries) {
      const matches = wanted.every((word) => operation.words.includes(word));
      setHidden(view, !matches);
      setHidden(link, !matches);
      shown += matches ? 1 : 0;
    }
    for (const part of parts) setHidden(part, shown === 0);
    count += shown;
  }
  const words = count === 0 ? 'No route has all of these words.' : `${count} ${count === 1 ? 'route' : 'routes'}`;
  setText(byId('found', HTMLElement), words);
}

/** "/" goes to the filter, Escape empties it, the arrows go from route to route. */
function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    const typing = target instanceof HTMLInputElement;
    if (key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) filter.focus();
    else if (key === 'Escape' && target === filter && filter.value !== '') {
      filter.value = '';
      filter.dispatchEvent(new Event('input'));
    } else if (key === 'ArrowDown' && target === filter) headsShown()[0]?.focus();
    else if (
      (key === 'ArrowDown' || key === 'ArrowUp') &&
      target instanceof HTMLElement &&
      target.matches('.operation-head')
    ) {
      const heads = headsShown();
      heads[heads.indexOf(target) + (key === 'ArrowDown' ? 1 : -1)]?.focus();
    } else return;
    event.preventDefault();
  });
}

function headsShown(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('.operation:not([hidden]) > .operation-head')];
}

start().catch((error: unknown) => {
  const problem = byId('problem', HTMLElement);
  setText(problem, reasonOf(error));
  setHidden(problem, false);
});
