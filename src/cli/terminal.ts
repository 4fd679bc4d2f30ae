import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Coloured on a terminal (unless NO_COLOR is set), plain elsewhere. */
export function styled(style: Style, text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text;
}

/** Aligned columns on a terminal, tab-separated lines elsewhere. The first row is the head, if `head` says so. */
export function printTable(rows: readonly (readonly string[])[], head = true): void {
  if (!process.stdout.isTTY) {
    for (const row of rows) print(row.join('\t'));
    return;
  }
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const [at, row] of rows.entries()) {
    const line = row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ');
    print(head && at === 0 ? styled('bold', line.trimEnd()) : line.trimEnd());
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
