/** A button that shows what is said as captions; it is there when the video has such a track. */
import { setHidden } from '../dom.ts';

export function captionsButton(button: HTMLButtonElement, { textTracks }: HTMLVideoElement): void {
  const track = (): TextTrack | undefined => textTracks[0];
  const look = (): void => {
    setHidden(button, track() === undefined);
    button.setAttribute('aria-pressed', String(track()?.mode === 'showing'));
  };
  button.addEventListener('click', () => {
    const one = track();
    if (one) one.mode = one.mode === 'showing' ? 'disabled' : 'showing';
  });
  // The browser's own menu chooses, too.
  for (const event of ['addtrack', 'removetrack', 'change']) textTracks.addEventListener(event, look);
  look();
}
