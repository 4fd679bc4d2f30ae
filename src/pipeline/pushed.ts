import type { Stream } from '#domain';
import { Fault, Wake } from '#runtime';
import type { PipelineDeps } from './supervisor.ts';

/** A stream that is sent to the box: it can be read when somebody sends it. Until it is disposed of, somebody may. */
export interface Pushed extends Disposable {
  /** What it waits for now; undefined when it can be read. */
  readonly waitsFor: string | undefined;
  /** The stream with the address at which it is read, as soon as it is sent. */
  sent(stream: Stream, signal: AbortSignal): Promise<Stream>;
  /** Waits that long before the next try; not when somebody begins to send it meanwhile (true), or nobody sends it. */
  pause(ms: number, signal: AbortSignal): Promise<boolean>;
}

/** Undefined for a camera, which is always there to be asked. */
export function pushedOf(stream: Stream, { push, clock }: Pick<PipelineDeps, 'push' | 'clock'>): Pushed | undefined {
  if (!stream.push) return undefined;
  if (!push) throw new Fault('internal', 'nothing can be sent to this box');
  const admission = push.admit(stream);
  const wake = new Wake(clock);
  let publishing = false;
  let begun = false;
  const listening = push.onPublishing(stream.id, (now) => {
    publishing = now;
    begun ||= now;
    wake.ring();
  });
  return {
    get waitsFor() {
      return publishing ? undefined : (admission.problem ?? 'nobody sends this stream; its push_url says where to');
    },
    sent: async (wanted, signal) => {
      const url = await admission.published(signal);
      begun = false;
      return { ...wanted, url, transport: 'tcp' };
    },
    pause: async (ms, signal) => {
      const until = clock.monotonicMs() + ms;
      while (publishing && !begun && !signal.aborted && clock.monotonicMs() < until) {
        await wake.wait(until - clock.monotonicMs(), signal);
      }
      return begun;
    },
    [Symbol.dispose]: () => {
      listening[Symbol.dispose]();
      admission[Symbol.dispose]();
    },
  };
}
