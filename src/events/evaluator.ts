import type { Alert, DeliveryChannel, Firing, JournalEntry, PackStamp } from '#domain';
import { type Clock, type Log, messageOf, retryDelays } from '#runtime';
import type { Store } from '#store';
import { attend, firingId, type Happening, ownRule } from './attend.ts';
import { evidenceOf } from './evidence.ts';
import { type Meanings, withSimilar } from './meanings.ts';
import { type RuleState, readState } from './state.ts';
import { topicOf } from './topic.ts';

const CURSOR = 'events';
const BATCH = 200;
const RETRY = { firstMs: 500, capMs: 30_000 };

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
}

type Batch = Parameters<Store['commitEvaluation']>[0];

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
    const lag = journal.head() - Math.max(this.#handled, journal.cursor(CURSOR));
    return { lag: Math.max(0, lag), failures: this.#failures };
  }

  /** Handles the next scenes of the journal, at most 200, in one transaction; returns how many. */
  runOnce(): number {
    const { store } = this.#deps;
    const head = store.journal.head();
    const from = store.journal.cursor(CURSOR);
    const entries = store.journal.after(from, BATCH, ['scene', 'growth', 'retold', 'transcript']);
    const last = entries.at(-1);
    if (last) store.commitEvaluation(this.#evaluate(entries, last.seq));
    this.#handled = entries.length < BATCH ? head : (last?.seq ?? head);
    return entries.length;
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

  #evaluate(entries: readonly JournalEntry[], cursor: number): Batch {
    const states = new Map<string, RuleState>();
    const firings: Batch['firings'] = [];
    for (const entry of entries) {
      for (const happening of entry.kind === 'transcript' ? this.#said(entry) : this.#seen(entry)) {
        for (const alert of this.#deps.store.alerts.enabledByIndex(happening.indexId)) {
          const firing = this.#look(alert, happening, entry.seq, states);
          if (firing) firings.push({ firing, deliveries: this.#deliveries(alert, firing) });
        }
      }
    }
    const saved = [...states].map(([alertId, state]) => ({ alertId, state: JSON.stringify(state) }));
    return { cursor, cursorName: CURSOR, states: saved, firings };
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

  /** One alert looks at one scene; a rule that throws has seen nothing. */
  #look(alert: Alert, scene: Happening, seq: number, states: Map<string, RuleState>): Firing | undefined {
    const { store, log } = this.#deps;
    if (scene.endMs <= alert.createdMs) return undefined;
    try {
      const event = store.events.get(alert.eventId);
      if (!event) return undefined;
      const rule = ownRule(event.rule, store.streams.get(scene.streamId)?.zones ?? []);
      const before = states.get(alert.id) ?? readState(store.alerts.evidenceState(alert.id));
      const { state, fired } = attend(rule, before, withSimilar(rule, scene, this.#deps.meanings), alert.threshold);
      if (state) states.set(alert.id, state);
      if (!fired || scene.endMs <= (alert.snoozedUntilMs ?? 0)) return undefined;
      if (!store.groups.wasArmed(alert.group, scene.endMs)) return undefined;
      const id = firingId(alert.id, seq);
      const { streamId, indexId, sceneId } = scene;
      const { threshold } = alert;
      const evidence = evidenceOf(rule, scene, { threshold, stampOf: this.#deps.stampOf ?? (() => undefined) });
      const about = { alertId: alert.id, eventId: event.id, label: event.label, streamId, indexId };
      return { id, ...about, ...(sceneId === undefined ? {} : { sceneId }), atMs: scene.endMs, ...fired, evidence };
    } catch (error) {
      this.#failures += 1;
      log.error({ alert: alert.id, scene: scene.sceneId, error: messageOf(error) }, 'rule skipped a scene: it threw');
      return undefined;
    }
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
