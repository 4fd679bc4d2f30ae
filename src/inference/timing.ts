import { dirname } from 'node:path';
import type { ModelPack } from '#models';
import { deadline, Fault, messageOf } from '#runtime';
import { Host } from './host-process.ts';
import { loadRequest } from './loads.ts';
import type { Answers, LoadRequest, Task } from './protocol.ts';
import { rememberedProvider } from './provider-memory.ts';
import { typicalQuestion } from './typical.ts';

/** What a pack takes on this box for one typical question. Without a problem all figures are measured. */
export interface PackTiming {
  /** What it ran on: `cpu`, `cuda` … */
  provider: string;
  threads: number;
  loadMs: number;
  medianMs: number;
  /** Of the process, with what Node.js itself takes. */
  rssMb: number;
  problem?: string;
}

/** A question that is asked again and again, and what came back. */
export interface Trial {
  loadMs: number;
  medianMs: number;
  rssMb: number;
  answer: Answers[Task];
}

const LIMITS = { wholeMs: 180_000, runs: 5, enoughMs: 15_000 };
type TrialLimits = typeof LIMITS;

/** In a process of its own, on the provider that was chosen for it on this box. Rejects only when `signal` aborts. */
export async function timePack(pack: ModelPack, signal: AbortSignal): Promise<PackTiming> {
  const provider = await rememberedProvider(dirname(pack.dir), pack);
  const load = { ...loadRequest(pack), provider };
  const { threads } = load;
  try {
    const { loadMs, medianMs, rssMb } = await tryOut(load, signal);
    return { provider, threads, loadMs: Math.round(loadMs), medianMs: round(medianMs), rssMb };
  } catch (error) {
    signal.throwIfAborted();
    return { provider, threads, loadMs: 0, medianMs: 0, rssMb: 0, problem: messageOf(error) };
  }
}

/**
 * Loads a model in a process of its own and asks it its typical question some times; whatever that process does, this
 * one goes on. Throws when the model can't be loaded or fails, when the process dies or takes too long, or the signal's
 * reason.
 */
export async function tryOut(
  load: LoadRequest,
  signal: AbortSignal,
  limits: Partial<TrialLimits> = {},
): Promise<Trial> {
  const { wholeMs, runs, enoughMs } = { ...LIMITS, ...limits };
  using limit = deadline(signal, wholeMs);
  try {
    return await tryWithin(load, limit.signal, { wholeMs, runs, enoughMs });
  } catch (error) {
    if (signal.aborted || !limit.signal.aborted) throw error;
    throw new Fault('unavailable', `it took longer than ${wholeMs} ms to load and answer`);
  }
}

async function tryWithin(
  load: LoadRequest,
  signal: AbortSignal,
  { wholeMs, runs, enoughMs }: TrialLimits,
): Promise<Trial> {
  const began = performance.now();
  await using host = await Host.start([load], signal);
  const loadMs = performance.now() - began;
  const question = typicalQuestion(load.task);
  const ask = () => host.ask(load.task, question, wholeMs);
  // The first run makes what the later ones only use.
  let answer = await ask();
  const took: number[] = [];
  const until = performance.now() + enoughMs;
  while (took.length < runs && (took.length === 0 || performance.now() < until)) {
    signal.throwIfAborted();
    const start = performance.now();
    answer = await ask();
    took.push(performance.now() - start);
  }
  return { loadMs, medianMs: median(took), rssMb: host.rssMb ?? 0, answer };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
