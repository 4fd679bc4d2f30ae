/** A person's events outlive the upgrade: rules as version 1 of them was stored still mean what they meant. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { compileRule, Evaluator } from '#events';
import { Store } from '#store';
import { quiet, standingClock } from '../store/fixture.ts';
import { anObject, T0, withObjects } from './scenes.ts';

const SCHEMA = join(import.meta.dirname, '../store/schema-3.sql');
const STORED = {
  version: 1,
  subject: { kind: 'object', name: 'someone', labels: ['person'] },
  relation: 'enters',
  zone: 'gate',
  needs: ['object-detection'],
  understood: 'Fires when someone comes into the zone "gate".',
};

it('an event of version 1, armed before the upgrade, fires after it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'wp-upgraded-'));
  try {
    const old = new Database(join(dir, 'watchpost.db'));
    old.exec(readFileSync(SCHEMA, 'utf8'));
    old.pragma('user_version = 3');
    old.exec(`
      INSERT INTO collections VALUES ('c-1', 'Default', '', 0, 1);
      INSERT INTO streams (id, collection_id, name, url, media_types, sample_rate, store, enable_transcript, transport,
        zones, wanted, origin, created_ms)
      VALUES ('rts-1', 'c-1', 'front', 'rtsp://x/', '[]', 30, 1, 1, 'tcp',
        '[{"name":"gate","polygon":[[0,0],[1,0],[1,1]]}]', 'connected', 'api', 1);
      INSERT INTO indexes (id, stream_id, name, prompt, extraction, extraction_config, model_name, model_config, status,
        created_ms)
      VALUES ('i1', 'rts-1', 'n', 'p', '{"type":"time","seconds":5,"frameCount":1}', '{}', 'basic', '{}', 'running', 1);
      INSERT INTO events VALUES ('e1', 'someone approaches the gate', 'at the gate', '${JSON.stringify(STORED)}', 1);
      INSERT INTO alerts VALUES ('a1', 'rts-1', 'i1', 'e1', NULL, NULL, 'enabled', 1);`);
    old.close();

    await using store = await Store.open(dir, { clock: standingClock(), log: quiet });
    // The prompt would be understood in another way today.
    expect(compileRule('someone approaches the gate', { zones: ['gate'] }).relation).toBe('approaches');
    expect(store.events.get('e1')?.rule).toEqual({ ...STORED, version: 2 });
    const facts = withObjects(anObject('person', { zones: ['gate'], entered: ['gate'] }));
    const scene = { streamId: 'rts-1', indexId: 'i1', startMs: T0, endMs: T0 + 5000, text: '', facts };
    store.scenes.add(scene, new Float32Array(8), 'test');
    const deps = { store, clock: standingClock(), log: quiet, mqttTopic: false };
    await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
    while (evaluator.runOnce() > 0);
    expect(store.firings.recent({ limit: 9 })).toMatchObject([{ alertId: 'a1', label: 'at the gate' }]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
