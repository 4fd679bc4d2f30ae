import type { Finders } from './finders.ts';
import type { Found } from './search.ts';
import type { VectorKind } from './vector-tables.ts';
import type { VectorChange } from './vectors.ts';

type AskOf<W extends keyof Finders> = {
  what: W;
  query: Parameters<Finders[W]['run']>[0];
  filter: Parameters<Finders[W]['run']>[1];
};
/** One search, whatever is searched. */
export type SearchAsk = { [W in keyof Finders]: AskOf<W> }[keyof Finders];

/** What is told to the process that searches. It takes one search after the other. */
export type ToSearcher =
  | { kind: 'search'; id: number; ask: SearchAsk }
  | { kind: 'cancel'; id: number }
  | { kind: 'changed'; vectors: VectorKind; change: VectorChange };

/** What the process that searches tells, `codes` whenever it has more or less of them. */
export type FromSearcher =
  | { kind: 'ready' }
  | { kind: 'found'; id: number; found: Found[] }
  | { kind: 'failed'; id: number; problem: string }
  | { kind: 'codes'; codes: CodesStatus };

export interface CodesStatus {
  /** Vectors of which the process has the codes. */
  count: number;
  bytes: number;
  /** All that are stored, or all that there is room for. */
  complete: boolean;
}

export function runOn(
  { scenes, transcripts, assets }: Finders,
  ask: SearchAsk,
  signal?: AbortSignal,
): Promise<Found[]> {
  switch (ask.what) {
    case 'scenes':
      return scenes.run(ask.query, ask.filter, signal);
    case 'transcripts':
      return transcripts.run(ask.query, ask.filter, signal);
    case 'assets':
      return assets.run(ask.query, ask.filter, signal);
  }
}
