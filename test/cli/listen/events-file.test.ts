import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventsFile } from '../../../src/cli/listen/events-file.ts';

const AT = Date.UTC(2026, 2, 2, 10, 15, 30, 123);
let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watchpost-events-'));
  path = join(dir, 'videodb_events.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the file of live events', () => {
  it('holds a line of JSON for each, with the time at which it came, for its owner only', () => {
    const file = new EventsFile(path, false);
    file.append({ channel: 'visual_index', data: { text: 'two\nlines' } }, AT);
    file.append({ event: 'capture_session.active', seq: 7 }, AT + 1);
    expect(readFileSync(path, 'utf8')).toBe(
      '{"ts":"2026-03-02T10:15:30.123Z","unix_ts":1772446530.123,"channel":"visual_index","data":{"text":"two\\nlines"}}\n' +
        '{"ts":"2026-03-02T10:15:30.124Z","unix_ts":1772446530.124,"event":"capture_session.active","seq":7}\n',
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('goes on after what is there, unless it is to be cleared', () => {
    new EventsFile(path, false).append({ seq: 1 }, AT);
    new EventsFile(path, false).append({ seq: 2 }, AT);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);
    new EventsFile(path, true).append({ seq: 3 }, AT);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2);
  });

  it('cuts off what a listener that was killed has left of its last line', () => {
    writeFileSync(path, '{"seq":4}\n{"channel":"notice"}\n{"seq":5,"da');
    const file = new EventsFile(path, false);
    expect(readFileSync(path, 'utf8')).toBe('{"seq":4}\n{"channel":"notice"}\n');
    expect(file.lastSeq()).toBe(4);
    file.append({ seq: 5 }, AT);
    expect(file.lastSeq()).toBe(5);
  });

  it('cuts off a line that is all there is, and knows no number then', () => {
    writeFileSync(path, '{"seq":4');
    expect(new EventsFile(path, false).lastSeq()).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('finds the last number behind much that has none', () => {
    const file = new EventsFile(path, false);
    file.append({ seq: 9, text: 'x'.repeat(900_000) }, AT);
    for (let i = 0; i < 5; i += 1) file.append({ text: 'y'.repeat(200_000) }, AT);
    expect(file.lastSeq()).toBe(9);
  });

  it('is begun anew when it was moved away', () => {
    const file = new EventsFile(path, false);
    file.append({ seq: 1 }, AT);
    renameSync(path, `${path}.old`);
    file.append({ seq: 2 }, AT);
    expect(readFileSync(path, 'utf8')).toMatch(/^\{"ts":.*"seq":2\}\n$/);
  });

  it('says so when a line can not be written', () => {
    const file = new EventsFile(path, false);
    rmSync(dir, { recursive: true });
    expect(() => file.append({ seq: 1 }, AT)).toThrow(/could not be written.*is the disk full\?/);
  });
});
