#!/usr/bin/env node
/** argv → one command of `cli/`. The only place that sets the exit code and that hears the signals to stop. */
import { runCli } from '#cli';
import { isAbort, messageOf } from '#runtime';

const stop = new AbortController();
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(code); // The second one: whoever sent it doesn't want to wait.
    stop.abort();
  });
}
// A reader that has gone away (`watchpost models list | head`) ends the output, not the command.
process.stdout.on('error', () => undefined);

try {
  process.exitCode = await runCli(process.argv.slice(2), stop.signal);
} catch (error) {
  if (!(stop.signal.aborted && isAbort(error))) {
    const stack = process.env['LOG_LEVEL'] === 'debug' && error instanceof Error ? `\n${error.stack}` : '';
    process.stderr.write(`watchpost: ${messageOf(error)}${stack}\n`);
    process.exitCode = 1;
  }
}
