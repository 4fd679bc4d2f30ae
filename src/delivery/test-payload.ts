import { newId } from '#domain';
import { type AlertLinks, webhookPayload } from './payload.ts';

/** A webhook as alerts send it, of an alert that never was; has one key more, `test`. */
export function testPayload(
  boxId: string,
  links: AlertLinks,
  nowMs: number,
): Record<string, unknown> & { firing_id: string } {
  const id = newId('firing', nowMs);
  const firing = {
    id,
    alertId: '0000000000000000',
    eventId: 'event-0000000000000000',
    label: 'test',
    streamId: 'rts-00000000-0000-0000-0000-000000000000',
    indexId: '0000000000000000',
    atMs: nowMs,
    startMs: nowMs - 5000,
    endMs: nowMs,
    confidence: 1,
    explanation: 'Somebody tries out whether alerts arrive here.',
    evidence: {
      rule: {
        version: 2 as const,
        subject: { kind: 'motion' as const },
        relation: 'present' as const,
        needs: [],
        understood: '',
      },
      packs: [],
      sceneText: '',
    },
  };
  return { ...webhookPayload(firing, links, () => boxId), firing_id: id, test: true };
}
