import { describe, expect, it } from 'vitest';
import { armAlert } from '../../src/web/alerts/arm-alert.ts';
import type { IndexJson, RulePartJson } from '../../src/web/wire.ts';

const SEES: IndexJson = { rtstream_index_id: 'sees', extraction_type: 'time', status: 'running' };
const HEARS: IndexJson = { rtstream_index_id: 'hears', extraction_type: 'transcript', status: 'running' };

/** Arms a rule on a camera with these indexes; what was posted, path and telling part of the body. */
async function posted(
  indexes: readonly IndexJson[],
  kind: string,
  relation = 'present',
  parts?: readonly RulePartJson[],
): Promise<string[]> {
  const posts: string[] = [];
  // The stand-in answers just the calls that arming makes.
  const api = {
    get: async () => ({ scene_indexes: indexes }) as never,
    post: async (path: string, body: object) => {
      const { action = '', auto_start_transcript: starts = '' } = body as Record<string, unknown>;
      posts.push(`${path} ${action}${starts}`.trim());
      return { ...HEARS, rtstream_index_id: 'made' } as never;
    },
  };
  const rule = { subject: { kind, ...(parts ? { parts } : {}) }, relation };
  await armAlert(api, 'rts-1', { eventId: 'event-1', rule, callbackUrl: '' });
  return posts;
}

const armed = (index: string) => `/rtstream/rts-1/index/${index}/alert`;

describe('armAlert', () => {
  it('takes an index that tells such things, a running one first', async () => {
    const stopped = { ...SEES, rtstream_index_id: 'stopped', status: 'stopped' };
    expect(await posted([HEARS, stopped, SEES], 'object')).toEqual([armed('sees')]);
    expect(await posted([HEARS, stopped], 'object')).toEqual([armed('stopped')]);
    expect(await posted([SEES, HEARS], 'sound')).toEqual([armed('hears')]);
    expect(await posted([SEES, HEARS], 'sound', 'absent')).toEqual([armed('sees')]);
    expect(await posted([SEES, HEARS], 'microphone')).toEqual([armed('sees')]);
    expect(await posted([HEARS], 'text')).toEqual([armed('hears')]);
  });

  it('has speech written down', async () => {
    expect(await posted([SEES, HEARS], 'speech')).toEqual(['/rtstream/rts-1/transcription start', armed('hears')]);
  });

  it('takes an index that sees for rules of several parts, and makes one that listens beside it for what is said', async () => {
    const part = (kind: string, not?: true) => ({ subject: { kind }, relation: 'present', ...(not ? { not } : {}) });
    const joined = (indexes: readonly IndexJson[], ...parts: RulePartJson[]) =>
      posted(indexes, 'parts', 'present', parts);
    expect(await joined([HEARS, SEES], part('object'), part('sound'))).toEqual([armed('sees')]);
    expect(await joined([HEARS, SEES], part('sound'), part('sound'))).toEqual([armed('hears')]);
    expect(await joined([HEARS, SEES], part('sound'), part('sound', true))).toEqual([armed('sees')]);
    const start = '/rtstream/rts-1/transcription start';
    expect(await joined([HEARS, SEES], part('object'), part('speech'))).toEqual([start, armed('sees')]);
    expect(await joined([SEES], part('object'), part('speech'))).toEqual([
      start,
      '/rtstream/rts-1/index/scene true',
      armed('sees'),
    ]);
  });

  it('makes an index that listens when there is none', async () => {
    expect(await posted([SEES], 'speech')).toEqual(['/rtstream/rts-1/index/scene true', armed('made')]);
    expect(await posted([SEES], 'sound')).toEqual(['/rtstream/rts-1/index/scene false', armed('made')]);
  });
});
