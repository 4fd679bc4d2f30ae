const WIDTH = 24;
let shown = '';

/** What a bench is at, on standard error: a bar on a terminal, elsewhere a line for each new thing. */
export function showProgress(what: string, share = 0): void {
  if (process.stderr.isTTY) {
    const full = Math.round(share * WIDTH);
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
    process.stderr.write(`\r\x1b[K${bar} ${String(Math.round(share * 100)).padStart(3)} % ${what}`);
  } else if (what !== shown) {
    process.stderr.write(`${what} …\n`);
  }
  shown = what;
}

export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}
