/** What stands in a field, to be taken elsewhere. */
import { setText } from './dom.ts';

/** The button says what came of it. Over plain HTTP browsers have no clipboard for pages: there the text stays selected. */
export async function copyField(field: HTMLInputElement, button: HTMLButtonElement): Promise<void> {
  field.select();
  const copied = await navigator.clipboard?.writeText(field.value).then(
    () => true,
    () => false,
  );
  setText(button, copied ? 'Copied' : 'Press Ctrl+C');
  if (!copied) field.focus();
}
