import { runAppliance } from '#app';
import { loadConfig } from '#config';
import { createLog, systemdNotify } from '#runtime';
import { aborted, print, styled } from './terminal.ts';

export interface RunOptions {
  config?: string;
  dataDir?: string;
  listen?: string;
}

/** Runs the appliance until `signal` aborts, then ends it in order. */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const config = await loadConfig(options.config, process.env, options);
  const firstKey = process.env['WATCHPOST_API_KEY'];
  delete process.env['WATCHPOST_API_KEY']; // Child processes have no business with it.
  const log = createLog(config.logLevel);
  await using appliance = await runAppliance(config, { log, notify: systemdNotify(), firstKey }, signal);
  if (appliance.firstKey) {
    print(
      `${styled('bold', 'API key')} (shown this once; \`watchpost token create\` makes more): ${appliance.firstKey}`,
    );
    print(`${styled('bold', 'Page')}: ${appliance.url}/#key=${appliance.firstKey}`);
  }
  await aborted(signal);
}
