/** What axe-core finds on a page that would keep somebody out: who uses a screen reader, a keyboard, or sees little. */
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * Of what is shown now; each with the rule and where it is broken. The page's own policy stays in force. Nothing moves from
 * then on: what is half faded in is hard to read, and is so for a moment only.
 */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}
