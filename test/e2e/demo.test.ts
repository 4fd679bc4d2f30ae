/** What `npm run demo -- --once --json` promises. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

interface Figures {
  cameras: number;
  segments: number;
  scenes: number;
  alerts: { mqtt: number; webhook: number };
  search: { query: string; hits: number };
  playback_seconds: number;
}

test('the demo records, sees, alerts, finds and plays within its first minute', async () => {
  const main = resolve(import.meta.dirname, '../../dist/main.js');
  const demo = spawn(process.execPath, [main, 'demo', '--once', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'close')]);
  expect(code, stderr).toBe(0);
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(1);
  const figures: Figures = JSON.parse(lines[0] ?? '');
  expect(figures.cameras).toBe(1);
  expect(figures.segments).toBeGreaterThanOrEqual(8);
  expect(figures.scenes).toBeGreaterThanOrEqual(4);
  expect(Math.min(figures.alerts.mqtt, figures.alerts.webhook)).toBeGreaterThanOrEqual(2);
  expect(figures.search.hits).toBeGreaterThanOrEqual(1);
  expect(figures.playback_seconds).toBeGreaterThanOrEqual(30);
});
