/**
 * `npm run bench -- NAME [--json]`: measures one thing and prints it as a table; with `--json` the last line is one JSON
 * object of its figures. What was last published, and on which machine, is in docs/benchmarks.md.
 */
import { parseArgs } from 'node:util';
import { alerts } from './alerts.ts';
import { api } from './api.ts';
import { editor } from './editor.ts';
import { footprint } from './footprint.ts';
import { hearing } from './hearing.ts';
import { hub } from './hub.ts';
import { ingest } from './ingest.ts';
import { rehearse } from './rehearse.ts';
import { seeing } from './seeing.ts';
import { store } from './store.ts';
import { sync } from './sync.ts';

/** Figures by name, numbers or short words; printed in this order. */
export type Figures = Record<string, number | string>;

const BENCHES: Readonly<Record<string, () => Promise<Figures>>> = {
  alerts,
  api,
  editor,
  footprint,
  hearing,
  hub,
  ingest,
  rehearse,
  seeing,
  store,
  sync,
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const bench = BENCHES[positionals[0] ?? ''];
if (bench) {
  const figures = await bench();
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, figure] of Object.entries(figures)) console.log(`${name.padEnd(width)}  ${figure}`);
  if (values.json) console.log(JSON.stringify(figures));
} else {
  console.error(`npm run bench -- NAME [--json]: NAME is one of ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
}
