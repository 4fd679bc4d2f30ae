import { examine, type Finding, repair } from '#app';
import { loadConfig } from '#config';
import { createLog, Fault, systemClock } from '#runtime';
import { print, printTable, styled } from './terminal.ts';

export interface DoctorOptions {
  config?: string;
  dataDir?: string;
  repair?: boolean;
  json?: boolean;
}

const STYLE = { ok: 'green', note: 'yellow', problem: 'red' } as const;

/** Prints what is found in the data directory; throws `refused` when there are problems, after repairing if asked. */
export async function doctor(options: DoctorOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env, options);
  const done = options.repair ? await repair(config, systemClock, createLog('silent')) : [];
  const findings = await examine(config.dataDir, config.recording.reservePercent);
  if (options.json) print(JSON.stringify({ done, findings }));
  else show(done, findings);
  const problems = findings.filter(({ level }) => level === 'problem').length;
  if (problems > 0) throw new Fault('refused', `${problems} problem(s) in ${config.dataDir}`);
}

function show(done: readonly string[], findings: readonly Finding[]): void {
  for (const what of done) print(`${styled('bold', 'done')}: ${what}`);
  printTable([
    ['', 'what', 'found', 'remedy'],
    ...findings.map(({ level, what, found, remedy = '' }) => [styled(STYLE[level], level), what, found, remedy]),
  ]);
}
