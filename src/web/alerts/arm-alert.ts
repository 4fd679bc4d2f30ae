/** Where on a camera an event is armed: what is seen and what is heard are told by different indexes. */
import type { Api } from '../api.ts';
import type { IndexJson, RuleJson, RulePartJson } from '../wire.ts';

/** An audio index as the box makes one for alerts. */
const HEARD = {
  name: 'heard',
  prompt: 'What is said',
  extraction_type: 'transcript',
  extraction_config: { segmenter: 'sentence', segmentation_value: 1 },
};

export interface Arming {
  eventId: string;
  rule: Pick<RuleJson, 'subject' | 'relation'>;
  callbackUrl: string;
}

/**
 * Arms the event on an index of the camera that tells such things, running ones first; makes an audio index when none
 * listens yet, and has speech written down when the rule is about it. Rejects when the box refuses.
 */
export async function armAlert(
  api: Pick<Api, 'get' | 'post'>,
  streamId: string,
  { eventId, rule, callbackUrl }: Arming,
): Promise<void> {
  const stream = `/rtstream/${encodeURIComponent(streamId)}`;
  const { scene_indexes: indexes } = await api.get<{ scene_indexes: IndexJson[] }>(`${stream}/index/scene`);
  const parts = rule.subject.parts ?? [rule];
  const speaks = parts.some(({ subject }) => subject.kind === 'speech');
  const listens = parts.every(isHeard);
  const fitting = indexes.filter(({ extraction_type: type }) => (type === 'transcript') === listens);
  const known = fitting.find(({ status }) => status === 'running') ?? fitting[0] ?? (listens ? undefined : indexes[0]);
  const ears = { ...HEARD, auto_start_transcript: speaks };
  const hears = indexes.some(({ extraction_type: type, status }) => type === 'transcript' && status === 'running');
  if (known && speaks) await api.post(`${stream}/transcription`, { action: 'start' });
  // What is said beside what is seen is told by an index of its own.
  if (known && speaks && !listens && !hears) await api.post(`${stream}/index/scene`, ears);
  const index = known ?? (await api.post<IndexJson>(`${stream}/index/scene`, ears));
  const path = `${stream}/index/${encodeURIComponent(index.rtstream_index_id)}/alert`;
  await api.post(path, { event_id: eventId, callback_url: callbackUrl });
}

/** Told by audio indexes alone, or first. That a sound has ended is told only by indexes that see. */
function isHeard({ subject, relation, not }: RulePartJson): boolean {
  if (not) return false;
  if (subject.kind === 'speech') return true;
  return subject.kind === 'sound' && relation !== 'absent' && relation !== 'leaves';
}
