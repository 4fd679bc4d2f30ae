/** The page's start: signs in by the address, by the session that there is, or by asking; runs the page until it is signed out. */
import { Api, ApiError, reasonOf } from './api.ts';
import { byId, setHidden, setText } from './dom.ts';
import { runPage } from './page.ts';
import { isSignedIn, passInFragment, passOf, signIn, signOut } from './session.ts';
import type { StatusJson } from './wire.ts';

let running = new AbortController();

async function open(): Promise<void> {
  const api = new Api();
  const status = await api.get<StatusJson>('/v1/status');
  setHidden(byId('login', HTMLElement), true);
  setHidden(byId('app', HTMLElement), false);
  running.abort();
  running = new AbortController();
  runPage(api, status, () => leave('The session is over.'), running.signal).catch((error: unknown) =>
    leave(reasonOf(error)),
  );
}

function leave(reason: string): void {
  running.abort();
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
  return error instanceof ApiError && error.unauthorized ? 'The box does not accept it.' : reasonOf(error);
}

async function submit(): Promise<void> {
  const input = byId('login-key', HTMLInputElement);
  const button = byId('login-submit', HTMLButtonElement);
  button.disabled = true;
  showProblem('');
  try {
    await signIn(passOf(input.value), byId('login-remember', HTMLInputElement).checked);
    await open();
    input.value = '';
  } catch (error) {
    showProblem(words(error));
    input.select();
  } finally {
    button.disabled = false;
  }
}

async function start(): Promise<void> {
  const given = passInFragment(location.hash);
  if (given) history.replaceState(null, '', location.pathname + location.search);
  try {
    if (given) await signIn(given, false);
    else if (!(await isSignedIn())) return askForKey('');
    await open();
  } catch (error) {
    askForKey(words(error));
  }
}

async function out(): Promise<void> {
  running.abort();
  await signOut().then(
    () => askForKey(''),
    (error: unknown) => askForKey(reasonOf(error)),
  );
}

byId('login-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
byId('sign-out', HTMLButtonElement).addEventListener('click', () => void out());
void start();
