import type { Rule } from '#domain';
import { attend, type Happening } from './attend.ts';
import type { Fired } from './decide.ts';
import type { RuleState } from './state.ts';

/** What alerts with these thresholds remember: they have been told the same so far. */
interface Group {
  /** Ascending. */
  thresholds: number[];
  state: RuleState | undefined;
  /** For which starts they have fired: an alert fires once for one start. */
  starts: Set<number>;
}

/** Remembers what armed alerts on one rule would, each with a threshold of its own, and says which of them fire. */
export class Listener {
  readonly #rule: Rule;
  #groups: Group[];

  constructor(rule: Rule, thresholds: readonly number[]) {
    this.#rule = rule;
    const sorted = [...new Set(thresholds)].sort((a, b) => a - b);
    this.#groups = [{ thresholds: sorted, state: undefined, starts: new Set() }];
  }

  look(happening: Happening): { thresholds: number[]; fired: Fired }[] {
    const told: { thresholds: number[]; fired: Fired }[] = [];
    // What pictures look like is decided over several windows, with the threshold: each has its own view of them.
    if (happening.similar !== undefined && this.#groups.some(({ thresholds }) => thresholds.length > 1))
      this.#groups = this.#groups.flatMap(apart);
    this.#groups = this.#groups.flatMap((group) => {
      const { unsure, ...result } = this.#attend(group, happening);
      if (result.fired) told.push({ thresholds: group.thresholds, fired: result.fired });
      return unsure ? [group, unsure] : [group];
    });
    return told;
  }

  /** What is told to those with low thresholds only parts them from the others. */
  #attend(group: Group, happening: Happening): { fired?: Fired; unsure?: Group } {
    const [least = 0] = group.thresholds;
    const before = group.state;
    const { state, fired } = attend(this.#rule, before, happening, least);
    group.state = state;
    if (!fired) return {};
    const above = group.thresholds.filter((threshold) => fired.confidence < threshold);
    const [next] = above;
    const unsure = next !== undefined && {
      thresholds: above,
      state: attend(this.#rule, before, happening, next).state,
      starts: new Set(group.starts),
    };
    group.thresholds = group.thresholds.slice(0, group.thresholds.length - above.length);
    const isNew = !group.starts.has(fired.startMs);
    group.starts.add(fired.startMs);
    return { ...(isNew ? { fired } : {}), ...(unsure ? { unsure } : {}) };
  }
}

function apart({ thresholds, state, starts }: Group): Group[] {
  return thresholds.map((threshold) => ({ thresholds: [threshold], state, starts: new Set(starts) }));
}
