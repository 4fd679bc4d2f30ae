import { describe, expect, it } from 'vitest';
import type { Alert, Question } from '#domain';
import type { Store } from '#store';
import { anAlert, anArmedCamera, NOON, openStore } from './fixture.ts';

function ask(store: Store, { id: alertId, streamId }: Alert, overrides: Partial<Question> = {}): Question {
  const about = { alertId, streamId, seq: 7, sceneId: 1, startMs: NOON, endMs: NOON + 5000, askedMs: NOON };
  const question = { ...about, ...overrides };
  store.commitEvaluation({ cursor: 0, cursorName: 'events', states: [], firings: [], questions: [question] });
  return question;
}

const kinds = (store: Store) => store.journal.after(0, 99, ['question', 'answer']).map(({ kind, ref }) => [kind, ref]);
const YES = { verdict: { confirmed: true, text: 'Yes.', by: 'seer', atMs: NOON } };

describe('questions about alerts', () => {
  it('wait until they are answered, once', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    const question = ask(at.store, alert, { likeness: 0.4 });
    expect(at.store.questions.next()).toEqual(question);
    expect(at.store.questions.waiting()).toBe(1);
    at.store.questions.answer(question, YES, NOON);
    at.store.questions.answer(question, {}, NOON);
    expect(at.store.questions.get(alert.id)).toEqual({ ...question, answer: YES });
    expect([at.store.questions.next(), at.store.questions.waiting()]).toEqual([undefined, 0]);
    expect(kinds(at.store)).toEqual([
      ['question', alert.id],
      ['answer', alert.id],
    ]);
  });

  it('are one for each alert: a new one takes the place of the last, whose answer comes too late', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    const first = ask(at.store, alert);
    const second = ask(at.store, alert, { seq: 8 });
    at.store.questions.answer(first, YES, NOON);
    expect(at.store.questions.next()).toEqual(second);
    expect(at.store.questions.waiting()).toBe(1);
  });

  it('come in the order in which they were asked', async () => {
    await using at = await openStore();
    const { alert, index, event } = anArmedCamera(at.store);
    const other = anAlert(index, event);
    at.store.alerts.create(other);
    ask(at.store, alert, { askedMs: NOON + 1 });
    ask(at.store, other, { askedMs: NOON });
    expect(at.store.questions.next()?.alertId).toBe(other.id);
  });

  it('are not asked for an alert that is gone', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    ask(at.store, { ...alert, id: 'alert-gone' });
    expect(at.store.questions.waiting()).toBe(0);
  });
});
