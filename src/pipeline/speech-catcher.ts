import type { Stream } from '#domain';
import { type Cut, joined, type SoundFrame, type Spool, UtteranceCutter, VoiceDetector, type Writing } from '#hearing';
import type { Clock } from '#runtime';
import { Patience } from './patience.ts';

/** What came before is told, too, so that the model knows the room when someone speaks. */
const LEAD_FRAMES = 8;
/** Longer ago the sound was not lost, the clock was set. */
const LONGEST_LOSS_MS = 3_600_000;

export interface SpeechCatcherDeps {
  /** As it is now. */
  stream: () => Stream;
  listening: {
    voice(streamId: string, samples: Int16Array, signal: AbortSignal): Promise<Float32Array | undefined>;
    readonly speechAvailable: boolean;
    readonly longestMs: number;
  };
  spool: Spool;
  clock: Clock;
  patienceMs?: number | undefined;
}

/** A frame, whether it is worth a look, and whether it is loud itself, not only near to what is. */
export interface GatedFrame {
  frame: SoundFrame;
  open: boolean;
  loud: boolean;
}

/**
 * Takes one stream's speech to the spool: asks the voice model about what is not silence (or judges itself, where there
 * is no model), cuts utterances, writes them while they are spoken. Catches nothing unless the stream's transcription is
 * wanted and there is someone to write it down.
 */
export class SpeechCatcher {
  readonly #deps: SpeechCatcherDeps;
  readonly #detector = new VoiceDetector();
  readonly #patience: Patience;
  #cutter: UtteranceCutter;
  #longestMs: number;
  /** The last frames that no model was asked about. */
  #lead: SoundFrame[] = [];
  /** Those that are not ended, the one that began last at the end: two only for a moment. */
  #writings: Writing[] = [];
  #unwritten: Int16Array[] = [];
  /** The last judgement was the built-in detector's, which comes late. */
  #isLate = false;

  constructor(deps: SpeechCatcherDeps) {
    this.#deps = deps;
    this.#patience = new Patience(deps.clock, deps.patienceMs);
    this.#longestMs = deps.listening.longestMs;
    this.#cutter = new UtteranceCutter(this.#longestMs);
  }

  get isWanted(): boolean {
    return this.#deps.stream().transcription.wanted && this.#deps.listening.speechAvailable;
  }

  /** Frames follow on each other. */
  async hear(frames: readonly GatedFrame[], signal: AbortSignal): Promise<void> {
    if (!this.isWanted) {
      await this.end();
      return;
    }
    this.#adaptLength();
    for (const run of runsOf(frames)) {
      const voices = run[0]?.open ? await this.#judge(run, signal) : [];
      for (const [n, { frame, open, loud }] of run.entries()) {
        if (!open) this.#lead = [...this.#lead.slice(1 - LEAD_FRAMES), frame];
        for (const cut of this.#cutter.push(frame, voices[n] ?? 0, this.#isLate ? loud : undefined))
          await this.#follow(cut);
      }
    }
    await this.#write();
  }

  /** Sound is missing between the two: what was being said ends. */
  async jump(fromMs: number, toMs: number): Promise<void> {
    await this.end();
    if (!this.isWanted || toMs <= fromMs || toMs - fromMs > LONGEST_LOSS_MS) return;
    const gap = { streamId: this.#deps.stream().id, startMs: Math.round(fromMs), endMs: Math.round(toMs) };
    await this.#deps.spool.note({ ...gap, reason: 'sound is missing: the box was too busy, or its clock was set' });
  }

  /** Nothing follows. */
  async end(): Promise<void> {
    this.#lead = [];
    for (const cut of this.#cutter.flush()) await this.#follow(cut);
  }

  #adaptLength(): void {
    const { longestMs } = this.#deps.listening;
    if (longestMs === this.#longestMs || this.#cutter.isOpen) return;
    this.#longestMs = longestMs;
    this.#cutter = new UtteranceCutter(longestMs);
  }

  /** How likely each of the frames is speech. */
  async #judge(run: readonly GatedFrame[], signal: AbortSignal): Promise<ArrayLike<number>> {
    const lead = this.#lead;
    this.#lead = [];
    const all = [...lead, ...run.map(({ frame }) => frame)].map(({ samples }) => samples);
    const { listening, stream } = this.#deps;
    const ask = (limit: AbortSignal) => listening.voice(stream().id, joined(all), limit);
    const answer = await this.#patience.ask(ask, signal);
    this.#isLate = answer === undefined;
    return (answer ?? all.map((samples) => this.#detector.judge(samples))).slice(lead.length);
  }

  async #follow(cut: Cut): Promise<void> {
    if (cut.kind === 'more') {
      for (const { samples } of cut.frames) this.#unwritten.push(samples);
      return;
    }
    await this.#write();
    if (cut.kind === 'end') {
      const ended = this.#writings.filter(({ startMs }) => startMs === cut.startMs);
      this.#writings = this.#writings.filter((writing) => !ended.includes(writing));
      for (const writing of ended) await writing.end(cut.endMs);
      return;
    }
    this.#writings.push(await this.#deps.spool.begin(this.#deps.stream().id, cut.startMs));
    this.#unwritten = cut.frames.map(({ samples }) => samples);
    await this.#write();
  }

  /** To the utterance that began last. */
  async #write(): Promise<void> {
    if (this.#unwritten.length === 0) return;
    const samples = joined(this.#unwritten);
    this.#unwritten = [];
    await this.#writings.at(-1)?.append(samples);
  }
}

/** Neighbours that are all worth a look, or all not. */
function runsOf(frames: readonly GatedFrame[]): GatedFrame[][] {
  const runs: GatedFrame[][] = [];
  for (const gated of frames) {
    const run = runs.at(-1);
    if (run && run[0]?.open === gated.open) run.push(gated);
    else runs.push([gated]);
  }
  return runs;
}
