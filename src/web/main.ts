/** The page's start: finds a key (address, tab, device) or asks for one, then runs the page until it is signed out. */
import { Api, ApiError, reasonOf } from './api.ts';
import { byId, setHidden, setText } from './dom.ts';
import { forgetKey, type KeyPlaces, keyInFragment, loadKey, saveKey } from './key.ts';
import { runPage } from './page.ts';
import type { StatusJson } from './wire.ts';

const places: KeyPlaces = { session: sessionStorage, device: localStorage };
let running = new AbortController();

async function open(key: string, remember: boolean | undefined): Promise<void> {
  const api = new Api(key);
  const status = await api.get<StatusJson>('/v1/status');
  if (remember !== undefined) saveKey(key, remember, places);
  setHidden(byId('login', HTMLElement), true);
  setHidden(byId('app', HTMLElement), false);
  running.abort();
  running = new AbortController();
  runPage(api, status, () => leave('The key is no longer accepted.'), running.signal).catch((error: unknown) =>
    leave(reasonOf(error)),
  );
}

function leave(reason: string): void {
  running.abort();
  forgetKey(places);
  askForKey(reason);
}

function askForKey(reason: string): void {
  setHidden(byId('app', HTMLElement), true);
  setHidden(byId('login', HTMLElement), false);
  showProblem(reason);
  byId('login-key', HTMLInputElement).focus();
}

function showProblem(reason: string): void {
  const problem = byId('login-problem', HTMLElement);
  setText(problem, reason);
  setHidden(problem, reason === '');
}

function words(error: unknown): string {
  return error instanceof ApiError && error.unauthorized ? 'The box does not accept this key.' : reasonOf(error);
}

async function submit(): Promise<void> {
  const input = byId('login-key', HTMLInputElement);
  const button = byId('login-submit', HTMLButtonElement);
  button.disabled = true;
  showProblem('');
  try {
    await open(input.value.trim(), byId('login-remember', HTMLInputElement).checked);
    input.value = '';
  } catch (error) {
    showProblem(words(error));
    input.select();
  } finally {
    button.disabled = false;
  }
}

async function start(): Promise<void> {
  const given = keyInFragment(location.hash);
  if (given) history.replaceState(null, '', location.pathname + location.search);
  const key = given ?? loadKey(places);
  if (!key) return askForKey('');
  try {
    await open(key, given ? false : undefined);
  } catch (error) {
    if (error instanceof ApiError && error.unauthorized) forgetKey(places);
    else byId('login-key', HTMLInputElement).value = key;
    askForKey(words(error));
  }
}

byId('login-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
byId('sign-out', HTMLButtonElement).addEventListener('click', () => leave(''));
void start();
