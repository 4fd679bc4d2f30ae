import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { anArmedCamera, openStore } from './fixture.ts';

const ROUNDS = 6;

/** Lets the writer run until it has told of so many turns, then kills it in whatever it is doing. */
async function killAfter(turns: number, dir: string, alertId: string): Promise<void> {
  const writer = fork(new URL('./killed.writer.ts', import.meta.url), [dir, alertId], {
    execArgv: ['--import', 'tsx'],
  });
  const ended = once(writer, 'exit');
  let seen = 0;
  writer.on('message', () => {
    seen += 1;
    if (seen === turns) writer.kill('SIGKILL');
  });
  expect(await ended).toEqual([null, 'SIGKILL']);
}

it('a killed writer neither loses nor repeats a firing, and leaves a sound database', { timeout: 60_000 }, async () => {
  await using opened = await openStore();
  const { store, dir } = opened;
  const { alert } = anArmedCamera(store);
  for (let round = 0; round < ROUNDS; round++) {
    await killAfter(1 + Math.floor(Math.random() * 60), dir, alert.id);
    // Each time anew: on a connection that has cached an older state, FTS5's check sees corruption where there is none.
    const db = new Database(join(dir, 'watchpost.db'));
    const all = (query: string) => db.prepare(query).all();
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    const cursor = store.journal.cursor('events');
    const handled = store.journal.after(0, 20_000, ['scene']).filter(({ seq }) => seq <= cursor);
    const fired = store.firings.recent({ limit: 20_000 });
    expect(fired.map(({ sceneId = 0 }) => sceneId).sort((a, b) => a - b)).toEqual(
      handled.map(({ ref }) => Number(ref)),
    );
    expect(Number(store.alerts.evidenceState(alert.id))).toBe(fired.length);
    expect(all('SELECT 1 FROM firings GROUP BY alert_id, start_ms HAVING count(*) > 1')).toEqual([]);
    expect(all('SELECT firing_id FROM deliveries GROUP BY firing_id HAVING count(*) <> 2')).toEqual([]);
    expect(all('SELECT id FROM firings WHERE id NOT IN (SELECT firing_id FROM deliveries)')).toEqual([]);
    expect(all('SELECT id FROM scenes WHERE id NOT IN (SELECT rowid FROM scene_words)')).toEqual([]);
    expect(all("SELECT id FROM scenes WHERE id NOT IN (SELECT ref FROM journal WHERE kind = 'scene')")).toEqual([]);
    expect(all('SELECT id FROM scenes WHERE id NOT IN (SELECT scene_id FROM vectors_20250615)')).toEqual([]);
    db.close();
  }
  expect(store.firings.count()).toBeGreaterThanOrEqual(ROUNDS);
});
