import {
  type Alert,
  type DeliveryChannel,
  type EventDefinition,
  type Evidence,
  type Firing,
  type JournalEntry,
  type PackStamp,
  snoozedUntil,
} from '#domain';
import { type Clock, type Log, messageOf, retryDelays } from '#runtime';
import { EVALUATOR, type Store } from '#store';
import { attend, firingId, type Happening, ownRule } from './attend.ts';
import { attendAnswer, attendChecked, attendUnasked, withoutQuestion } from './checked.ts';
import type { Fired } from './decide.ts';
import { evidenceOf } from './evidence.ts';
import { type Meanings, withSimilar } from './meanings.ts';
import { besides } from './sources.ts';
import { type RuleState, readState } from './state.ts';
import { topicOf } from './topic.ts';

const BATCH = 200;
const RETRY = { firstMs: 500, capMs: 30_000 };
/** A cursor that stands still, where nothing is looked at, keeps the journal from being pruned. */
const STRIDE = 500;
/** After so long everything else has its turn: many rules may have many scenes to catch up with. */
const SLICE_MS = 8;

export interface EvaluatorDeps {
  store: Store;
  clock: Clock;
  log: Log;
  /** A broker is configured: every firing is also one MQTT delivery. */
  mqttTopic: boolean;
  /** Which content the pack of this name has; by itself nothing is known of any. */
  stampOf?: (pack: string) => PackStamp | undefined;
  /** Absent where nothing compares pictures with texts. */
  meanings?: Pick<Meanings, 'similar'>;
  /** Whether a model that follows instructions is here, to be asked before alerts fire that no rule stands for. */
  tellers?: { readonly hasFollower: boolean };
}

type Batch = Parameters<Store['commitEvaluation']>[0];
/** What comes of a pass over some entries. */
type Pass = Required<Pick<Batch, 'firings' | 'questions'>> & { states: Map<string, RuleState> };

/** One alert, at what happened. */
interface Look {
  alert: Alert;
  /** With the rule as this camera has it. */
  event: EventDefinition;
  happening: Happening;
  seq: number;
  before: RuleState | undefined;
}

interface Looked {
  state: RuleState | undefined;
  fired?: Fired;
  check?: Evidence['check'];
}

/**
 * Reads the journal from its cursor and lets the armed rules look at every scene, once. Rules about speech look at what was
 * said as soon as it is written down: audio indexes make scenes of it only when nothing more can belong to them.
 */
export class Evaluator implements AsyncDisposable {
  readonly #deps: EvaluatorDeps;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #handled = 0;
  #failures = 0;

  private constructor(deps: EvaluatorDeps) {
    this.#deps = deps;
  }

  /** Goes on where the last life committed; ends when disposed of or when `signal` aborts. */
  static async start(deps: EvaluatorDeps, signal: AbortSignal): Promise<Evaluator> {
    const evaluator = new Evaluator(deps);
    evaluator.#ended = evaluator.#run(AbortSignal.any([signal, evaluator.#stop.signal]));
    return evaluator;
  }

  /** `lag`: journal entries not looked at yet. `failures`: times that a rule threw and was skipped. */
  status(): { lag: number; failures: number } {
    const { journal } = this.#deps.store;
    const lag = journal.head() - Math.max(this.#handled, journal.cursor(EVALUATOR));
    return { lag: Math.max(0, lag), failures: this.#failures };
  }

  /** Handles the next scenes of the journal, as many as a few milliseconds allow, in one transaction; returns how many. */
  runOnce(): number {
    const { store } = this.#deps;
    const head = store.journal.head();
    const from = store.journal.cursor(EVALUATOR);
    const entries = store.journal.after(from, BATCH, ['scene', 'growth', 'retold', 'transcript', 'answer']);
    const { handled, ...batch } = this.#evaluate(entries, from);
    const isAll = handled === entries.length && entries.length < BATCH;
    const cursor = isAll && head - batch.cursor >= STRIDE ? head : batch.cursor;
    if (cursor > from) store.commitEvaluation({ ...batch, cursor });
    this.#handled = isAll ? head : cursor;
    return handled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#deps;
    using _wakes = store.journal.onAppend(() => this.#wake());
    signal.addEventListener('abort', () => this.#wake());
    let delays = retryDelays(RETRY);
    while (!signal.aborted) {
      const appended = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        const handled = this.runOnce();
        delays = retryDelays(RETRY);
        if (handled === 0) await appended;
        else await new Promise(setImmediate);
      } catch (error) {
        log.error({ error: messageOf(error) }, 'alerts could not be evaluated; trying again');
        await clock.sleep(delays.next().value, signal).catch(() => undefined); // It only rejects when aborted.
      }
    }
  }

  #evaluate(entries: readonly JournalEntry[], from: number): Batch & { handled: number } {
    const pass: Pass = { states: new Map(), firings: [], questions: [] };
    const begunMs = performance.now();
    let [cursor, handled] = [from, 0];
    for (const entry of entries) {
      if (handled > 0 && performance.now() - begunMs >= SLICE_MS) break;
      [cursor, handled] = [entry.seq, handled + 1];
      if (entry.kind === 'answer') this.#heed(entry, pass);
      else {
        for (const happening of entry.kind === 'transcript' ? this.#said(entry) : this.#seen(entry)) {
          for (const alert of this.#concerned(happening))
            this.#attempt({ alert, happening, seq: entry.seq }, pass, (look) => this.#look(look, pass));
        }
      }
    }
    const saved = [...pass.states].map(([alertId, state]) => ({ alertId, state: JSON.stringify(state) }));
    return { handled, cursor, cursorName: EVALUATOR, states: saved, firings: pass.firings, questions: pass.questions };
  }

  /** The scene as it was then; none when it was deleted meanwhile. */
  #seen({ kind, ref, atMs }: JournalEntry): Happening[] {
    const scene = this.#deps.store.scenes.get(Number(ref));
    return scene ? [{ ...scene, sceneId: scene.id, endMs: atMs, isRetold: kind === 'retold' }] : [];
  }

  /** What was said, for each audio index that runs since before it was. */
  #said({ ref, streamId }: JournalEntry): Happening[] {
    const { transcripts, indexes } = this.#deps.store;
    const transcript = transcripts.get(Number(ref));
    if (!transcript) return [];
    const { startMs, endMs, text } = transcript;
    return indexes
      .listRunning(streamId)
      .filter(({ extraction, resumedMs }) => extraction.type === 'transcript' && endMs > resumedMs)
      .map(({ id: indexId }) => ({ streamId, indexId, startMs, endMs, text, isTranscript: true }));
  }

  /** A model has said what it was asked, or could not: it fires while the alert is still armed. */
  #heed({ ref }: JournalEntry, pass: Pass): void {
    const { store } = this.#deps;
    const question = store.questions.get(ref);
    const alert = store.alerts.get(ref);
    const scene = question && store.scenes.get(question.sceneId);
    if (!question?.answer || !alert) return;
    if (!scene || alert.status !== 'enabled') {
      const state = withoutQuestion(this.#before(alert, pass));
      if (state) pass.states.set(alert.id, state);
      return;
    }
    const { seq, endMs, likeness } = question;
    const { verdict } = question.answer;
    const happening = { ...scene, sceneId: scene.id, endMs };
    const decidedBy = verdict?.confirmed === undefined ? 'likeness' : 'model';
    const check = {
      decidedBy,
      ...(likeness === undefined ? {} : { likeness }),
      ...(verdict ? { verdict } : {}),
    } as const;
    this.#attempt({ alert, happening, seq }, pass, ({ event, before }) => ({
      ...attendAnswer(event.rule, before, question, alert.threshold),
      check,
    }));
  }

  /** The alerts on its index; and, beside the index, those of several parts that are also told by such an index. */
  #concerned({ streamId, indexId }: Happening): Alert[] {
    const { alerts, indexes, events } = this.#deps.store;
    const others = besides(indexes.listRunning(streamId), indexId).flatMap(({ id }) => alerts.enabledByIndex(id));
    const joined = others.filter(({ eventId }) => events.get(eventId)?.rule.subject.kind === 'parts');
    return [...alerts.enabledByIndex(indexId), ...joined];
  }

  /** One alert looks at one scene; a rule that throws has seen nothing. */
  #attempt(
    { alert, happening, seq }: Omit<Look, 'event' | 'before'>,
    pass: Pass,
    attending: (look: Look) => Looked,
  ): void {
    const { store, log } = this.#deps;
    if (happening.endMs <= alert.createdMs) return;
    try {
      const stored = store.events.get(alert.eventId);
      if (!stored) return;
      const event = { ...stored, rule: ownRule(stored.rule, store.streams.get(happening.streamId)?.zones ?? []) };
      const before = this.#before(alert, pass);
      const look = { alert, event, happening: withSimilar(event.rule, happening, this.#deps.meanings), seq, before };
      const { state, fired, check } = attending(look);
      if (state) pass.states.set(alert.id, state);
      if (!fired || this.#isQuiet(alert, happening)) return;
      const firing = this.#firing(look, fired, check);
      pass.firings.push({ firing, deliveries: this.#deliveries(alert, firing) });
    } catch (error) {
      this.#failures += 1;
      const about = { alert: alert.id, scene: happening.sceneId, error: messageOf(error) };
      log.error(about, 'rule skipped a scene: it threw');
    }
  }

  #before({ id }: Alert, { states }: Pass): RuleState | undefined {
    return states.get(id) ?? readState(this.#deps.store.alerts.evidenceState(id));
  }

  #look({ alert, event, happening, seq, before }: Look, { questions }: Pass): Looked {
    const { tellers, clock } = this.#deps;
    const { sceneId, streamId, startMs, endMs } = happening;
    const isAsked = event.rule.subject.kind === 'text' && event.rule.subject.sentence !== undefined;
    if (!isAsked) return attend(event.rule, before, happening, alert.threshold);
    if (sceneId === undefined || !tellers?.hasFollower || this.#isQuiet(alert, happening))
      return attendUnasked(event.rule, before, happening, alert.threshold);
    const { asks, ...looked } = attendChecked(event.rule, before, happening, alert.threshold);
    const about = { alertId: alert.id, streamId, seq, sceneId, startMs, endMs };
    if (asks) questions.push({ ...about, ...asks, askedMs: clock.nowMs() });
    return looked;
  }

  /** Nobody is to be told. */
  #isQuiet(alert: Alert, { endMs }: Happening): boolean {
    return snoozedUntil(alert, endMs) !== undefined || !this.#deps.store.groups.wasArmed(alert.group, endMs);
  }

  #firing({ alert, event, happening, seq }: Look, fired: Fired, check: Evidence['check']): Firing {
    const { stampOf = () => undefined } = this.#deps;
    const { streamId, sceneId } = happening;
    const evidence = evidenceOf(event.rule, happening, { threshold: alert.threshold, stampOf });
    return {
      id: firingId(alert.id, seq),
      alertId: alert.id,
      eventId: event.id,
      label: event.label,
      streamId,
      indexId: alert.indexId,
      ...(sceneId === undefined ? {} : { sceneId }),
      atMs: happening.endMs,
      ...fired,
      evidence: check ? { ...evidence, check } : evidence,
      ...(check?.decidedBy === 'model' && check.verdict ? { verdict: check.verdict } : {}),
    };
  }

  #deliveries(alert: Alert, firing: Firing): { channel: DeliveryChannel; target: string }[] {
    const { store, mqttTopic } = this.#deps;
    const name = store.streams.get(firing.streamId)?.name ?? firing.streamId;
    return [
      ...(mqttTopic ? [{ channel: 'mqtt' as const, target: topicOf(name, firing.label) }] : []),
      ...(alert.callbackUrl ? [{ channel: 'webhook' as const, target: alert.callbackUrl }] : []),
    ];
  }
}
