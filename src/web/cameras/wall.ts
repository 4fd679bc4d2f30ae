/**
 * The camera cards as a wall that fills the screen, which stays on meanwhile where the browser can do that. Arrow keys go
 * from picture to picture, Escape ends it; where nothing may fill the screen (phones), it fills the page. `onChange` is told
 * whether somebody can see it.
 */
import { byId, setHidden } from '../dom.ts';

const PICTURE_RATIO = 16 / 9;
const STEPS: Record<string, (columns: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
};

export function wall(onChange: (isOpen: boolean) => void, signal: AbortSignal): void {
  const grid = byId('camera-grid', HTMLElement);
  const open = byId('wall', HTMLButtonElement);
  const close = byId('wall-close', HTMLButtonElement);
  let awake: { release(): Promise<void> } | undefined;
  const isOpen = () => document.body.classList.contains('is-wall');
  const pictures = () => [...grid.querySelectorAll<HTMLButtonElement>('.picture')];
  const columns = () => wallColumns(pictures().length, window.innerWidth, window.innerHeight);
  const arrange = () => grid.style.setProperty('--wall-columns', String(columns()));
  // A battery that is low, or a page that isn't secure, lets the screen go dark.
  const stayAwake = async () => {
    if (!isOpen() || document.hidden) return;
    awake = await navigator.wakeLock?.request('screen').catch(() => undefined);
    if (!isOpen()) void awake?.release();
  };

  const tell = () => onChange(isOpen() && !document.hidden);
  const enter = () => {
    document.body.classList.add('is-wall');
    tell();
    setHidden(close, false);
    arrange();
    pictures()[0]?.focus();
    document.documentElement.requestFullscreen?.().catch(() => undefined);
    void stayAwake();
  };
  const leave = () => {
    if (!isOpen()) return;
    document.body.classList.remove('is-wall');
    tell();
    setHidden(close, true);
    void awake?.release();
    if (document.fullscreenElement) void document.exitFullscreen();
    open.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (!isOpen() || document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') leave();
    const step = STEPS[event.key]?.(columns());
    if (step === undefined) return;
    const all = pictures();
    const at = all.findIndex((picture) => picture.matches(':focus'));
    all[Math.min(all.length - 1, Math.max(0, at + step))]?.focus();
    event.preventDefault();
  };

  open.addEventListener('click', enter, { signal });
  close.addEventListener('click', leave, { signal });
  window.addEventListener('resize', arrange, { signal });
  document.addEventListener('keydown', onKey, { signal });
  document.addEventListener('fullscreenchange', () => document.fullscreenElement || leave(), { signal });
  document.addEventListener('visibilitychange', () => void stayAwake(), { signal });
  document.addEventListener('visibilitychange', tell, { signal });
  const observer = new MutationObserver(arrange);
  observer.observe(grid, { childList: true });
  signal.addEventListener('abort', () => {
    observer.disconnect();
    leave();
  });
}

/** With how many columns the pictures are largest; of several, the most, as screens are wide. */
export function wallColumns(count: number, width: number, height: number): number {
  let best = { columns: 1, pictureWidth: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const pictureWidth = Math.min(width / columns, (height / rows) * PICTURE_RATIO);
    if (pictureWidth >= best.pictureWidth) best = { columns, pictureWidth };
  }
  return best.columns;
}
