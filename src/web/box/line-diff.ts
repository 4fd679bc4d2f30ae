/** What differs between two texts, line by line. Pure. */
export interface DiffLine {
  /** `kept` lines are those around a change; the others are left out. */
  kind: 'kept' | 'added' | 'gone';
  text: string;
}

/** Lines around each change that are shown with it. */
const AROUND = 2;
/** Longer ones are compared as one block each: a table of that size is no longer quick. */
const MOST_CELLS = 4_000_000;

/** Empty when they are the same. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const a = before.trimEnd().split('\n');
  const b = after.trimEnd().split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const kept = (lines: readonly string[]) => lines.map((text): DiffLine => ({ kind: 'kept', text }));
  return nearChanges([...kept(a.slice(0, head)), ...middle, ...kept(a.slice(a.length - tail))]);
}

/** By their longest common subsequence. */
function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  const common = a.length * b.length > MOST_CELLS ? undefined : table(a, b);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [gone, added] = [a[i], b[j]];
    if (gone !== undefined && gone === added && common) {
      lines.push({ kind: 'kept', text: gone });
      [i, j] = [i + 1, j + 1];
    } else if (
      gone !== undefined &&
      (added === undefined || (common?.[i + 1]?.[j] ?? 0) >= (common?.[i]?.[j + 1] ?? 0))
    ) {
      lines.push({ kind: 'gone', text: gone });
      i += 1;
    } else {
      lines.push({ kind: 'added', text: added ?? '' });
      j += 1;
    }
  }
  return lines;
}

/** How long the longest common subsequence of what is left is, from each place on. */
function table(a: readonly string[], b: readonly string[]): number[][] {
  const rows = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = rows[i] ?? [];
      row[j] = a[i] === b[j] ? (rows[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(rows[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

function nearChanges(lines: readonly DiffLine[]): DiffLine[] {
  return lines.filter((line, at) => {
    const near = lines.slice(Math.max(0, at - AROUND), at + AROUND + 1);
    return line.kind !== 'kept' || near.some(({ kind }) => kind !== 'kept');
  });
}
