import type { TimeOfDay } from '#domain';

/** When a prompt wants its rule to look, and the prompt without the words that say so. */
export interface Timed {
  rest: string;
  during?: TimeOfDay;
  /** Why no rule can keep to it. */
  problem?: string;
}

const DAY = 24 * 60;
/** What people mean by the parts of a day, in minutes. */
const PARTS: readonly (readonly [words: string, fromMinute: number, toMinute: number])[] = [
  ['over ?night|night ?times?|nights?|to ?night|dark|dusk|sunset', 22 * 60, 6 * 60],
  ['day ?times?|day ?light|days?', 6 * 60, 22 * 60],
  ['mornings?', 6 * 60, 12 * 60],
  ['afternoons?', 12 * 60, 18 * 60],
  ['evenings?', 18 * 60, 22 * 60],
];
const WORK = { fromMinute: 9 * 60, toMinute: 17 * 60 };
/** After this hour of the day people mean until the next morning. */
const LATE = 17 * 60;
const MORNING = 6 * 60;

const NAMES = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const NAMED = 'sun(?:day)?|mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs|r|rsday)?|fri(?:day)?|sat(?:urday)?';
const ONE_DAY = String.raw`\b(?:${NAMED})s?\b`;
const EACH_DAY = new RegExp(ONE_DAY, 'gi');
const DAYS = new RegExp(
  String.raw`\b(?:(?:only|just)\s+)?(?:(?:on|every|each|during|at|over)\s+)*(?:the\s+)?(?:(week ?days?|work(?:ing)? ?days?)|(week ?ends?)|((?:(?:${ONE_DAY})(?:\s*(?:,|and|or|&|to|through|thru|till|until|-|–)\s*)?)+))(?=\W|$)`,
  'i',
);
const DAYS_NEXT = new RegExp(`^\\s*${DAYS.source}`, 'i');
const CLOCK = String.raw`(?:noon|mid-?day|mid-?night|\d{1,2}(?:(?::|\.|h)\d{2})?\s*(?:[ap]\.?\s?m\b\.?|o'?clock|hrs?\b|h\b)?)`;
const RANGE = new RegExp(
  String.raw`\b(?:(?:only|just)\s+)?(?:between|from|since|after)\s+(${CLOCK})\s*(?:and|to|till?|until|-|–)\s*(${CLOCK})(?![\d:])|(?<![\d:.])(${CLOCK})\s*(?:-|–|to|till?|until)\s*(${CLOCK})(?![\d:])`,
  'i',
);
const SINCE = new RegExp(
  String.raw`\b(?:(?:only|just)\s+)?(?:after|past|since|from|later than|starting (?:at|from))\s+(${CLOCK})(?![\d:])(?:\s+on(?:wards?)?\b|\s+and later)?`,
  'i',
);
const UNTIL = new RegExp(
  String.raw`\b(?:(?:only|just)\s+)?(?:before|until|till|earlier than|up to)\s+(${CLOCK})(?![\d:])`,
  'i',
);
const OFFICE = String.raw`(?:business|working|work|office|opening|regular|normal)(?:\s+business)?\s+(?:hours|times?)`;
const OFF_WORK = new RegExp(
  String.raw`\b(?:(?:outside|out|after|except during|not during)(?:\s+of)?\s+(?:the\s+)?(?:normal\s+)?${OFFICE}|after[- ]hours|out[- ]of[- ]hours)\b`,
  'i',
);
const AT_WORK = new RegExp(String.raw`\b(?:during|in|within|at)\s+(?:the\s+)?${OFFICE}\b`, 'i');
const MOMENT = new RegExp(
  String.raw`\b(?:at|around|about)\s+(?=\d{1,2}(?::\d{2}|\s*[ap]\.?m\b|\s*o'?clock)|noon|mid)(${CLOCK})`,
  'i',
);
const NEVER_MIND =
  /\b(?:every ?day|daily|each day|any day|all week|every night(?=\s+(?:between|from|after|before)))\b/i;

/** Takes times of the day and days out of a prompt; what is in quotation marks isn't looked at. */
export function takeTimes(prompt: string): Timed {
  const quotes: string[] = [];
  const open = prompt.replace(/"[^"]*"|“[^”]*”/g, (quote) => {
    quotes.push(quote);
    return `"${quotes.length - 1}"`;
  });
  const taker = new Taker(open);
  const times = taker.times();
  const days = taker.days();
  taker.take(NEVER_MIND);
  const rest = taker.text.replace(/"(\d+)"/g, (_, index: string) => quotes[Number(index)] ?? '');
  const problem =
    taker.problem ?? (times.length > 1 ? 'several times of the day are given and a rule has one' : undefined);
  const [time] = times;
  if (problem) return { rest, problem };
  if (!time && !days) return { rest: prompt };
  const chosen = days ?? time?.days;
  const { fromMinute, toMinute } = time ?? { fromMinute: 0, toMinute: 0 };
  return { rest, during: { fromMinute, toMinute, ...(chosen ? { days: chosen } : {}) } };
}

class Taker {
  text: string;
  problem: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.text) ?? undefined;
    if (match) this.text = `${this.text.slice(0, match.index)} ${this.text.slice(match.index + match[0].length)}`;
    return match;
  }

  /** Every stretch of the day that is named. */
  times(): TimeOfDay[] {
    const found: TimeOfDay[] = [];
    if (this.take(OFF_WORK)) found.push({ fromMinute: WORK.toMinute, toMinute: WORK.fromMinute });
    if (this.take(AT_WORK)) found.push({ ...WORK, days: [1, 2, 3, 4, 5] });
    const clocks = this.#clocks();
    const moment = clocks ? undefined : this.take(MOMENT)?.[1];
    if (moment !== undefined)
      this.problem ??= `"${moment.trim()}" is a moment: say "after ${moment.trim()}", or between which hours`;
    if (clocks) found.push(clocks);
    return [...found, ...this.#parts(clocks !== undefined)];
  }

  days(): number[] | undefined {
    const match = this.take(DAYS);
    if (!match) return undefined;
    if (match[1]) return [1, 2, 3, 4, 5];
    return match[2] ? [0, 6] : listed(match[3] ?? '');
  }

  #clocks(): TimeOfDay | undefined {
    const range = RANGE.exec(this.text);
    const [first, second] = range ? [range[1] ?? range[3] ?? '', range[2] ?? range[4] ?? ''] : [];
    if (range && first !== undefined && second !== undefined && isTime(first, second, range, this.text)) {
      this.take(RANGE);
      // "from 8 to 11 pm" is the evening.
      const ending = /[ap]\.?\s?m/i.exec(second)?.[0];
      const from =
        /[a-z]/i.test(first) || !ending || Number.parseInt(first, 10) > Number.parseInt(second, 10)
          ? first
          : first + ending;
      return this.#stretch(this.#minute(from), this.#minute(second));
    }
    const [since, until] = [this.#bound(SINCE), this.#bound(UNTIL)];
    if (since === undefined && until === undefined) return undefined;
    const from = since ?? 0;
    return this.#stretch(from, until ?? (from >= LATE || from < MORNING ? MORNING : 0));
  }

  #bound(pattern: RegExp): number | undefined {
    const match = pattern.exec(this.text);
    if (!match || !saysTime(match[1] ?? '', this.text.slice(match.index + match[0].length))) return undefined;
    this.take(pattern);
    return this.#minute(match[1] ?? '');
  }

  #stretch(from: number | undefined, to: number | undefined): TimeOfDay | undefined {
    return from === undefined || to === undefined ? undefined : { fromMinute: from, toMinute: to % DAY };
  }

  #minute(clock: string): number | undefined {
    const minute = minuteOf(clock);
    if (minute === undefined) this.problem = `there is no ${clock.trim()} in a day`;
    return minute;
  }

  /** Beside a time of the clock they say it twice: "between 22:00 and 6:00 at night". */
  #parts(beside: boolean): TimeOfDay[] {
    const found: TimeOfDay[] = [];
    for (const { pattern, fromMinute, toMinute } of PATTERNS)
      if (this.take(pattern)) found.push({ fromMinute, toMinute });
    return beside ? [] : found;
  }
}

const PART_LEAD = String.raw`\b(?:(?:only|just)\s+)?(?:(?:at|by|in|during|over|after|throughout|every)\s+)+(?:the\s+|each\s+|every\s+)?|(?<=day\s+)`;
const BY_ITSELF = String.raw`|\b(?:over ?night|at ?night|to ?night|night ?time)\b`;

/** Not in "the night guard" and "the night shift". */
function partPattern(words: string): RegExp {
  const alone = words.startsWith('over') ? BY_ITSELF : '';
  return new RegExp(`(?:${PART_LEAD})(?:${words})\\b(?!\\s*(?:guard|shift|${NAMED}))${alone}`, 'i');
}

const PATTERNS = PARTS.map(([words, fromMinute, toMinute]) => ({ pattern: partPattern(words), fromMinute, toMinute }));

/** "8" and "18" are times where one of them says so, or where nothing is counted. */
function isTime(first: string, second: string, range: RegExpExecArray, text: string): boolean {
  if (isClock(first) || isClock(second)) return true;
  const after = text.slice(range.index + range[0].length);
  const bounded = range[1] !== undefined;
  return (
    bounded &&
    (/^\s*(?:$|[.,;!?]|(?:on|at|every|during|in the|an?|the|any|some|someone|somebody|anyone|anybody|nobody|no|there|when|if)\b)/i.test(
      after,
    ) ||
      DAYS_NEXT.test(after))
  );
}

function isClock(text: string): boolean {
  return /[a-z:]/i.test(text);
}

function saysTime(clock: string, after: string): boolean {
  return isClock(clock) || (/^\d{1,2}$/.test(clock.trim()) && /^\s*(?:$|[.,;!?]|on\b|every\b)/i.test(after));
}

/** "10 pm", "22:30", "7.15am", "8 o'clock", "noon" → minutes; undefined when no day has it. */
function minuteOf(clock: string): number | undefined {
  const text = clock.toLowerCase().trim();
  if (/^mid-?night/.test(text)) return 0;
  if (/^(?:noon|mid-?day)/.test(text)) return 12 * 60;
  const [, digits = '', past = '0'] = /^(\d{1,2})(?:[:.h](\d{2}))?/.exec(text) ?? [];
  const [hour, minute] = [Number(digits), Number(past)];
  const half = /([ap])\.?\s?m/.exec(text)?.[1];
  if (minute > 59 || hour > 24 || (hour === 24 && minute > 0) || (half && (hour > 12 || hour === 0))) return undefined;
  const hours = half ? (hour % 12) + (half === 'p' ? 12 : 0) : hour % 24;
  return hours * 60 + minute;
}

/** "monday to friday", "sat and sun" → days from Sunday, 0. */
function listed(text: string): number[] {
  const found = [...text.matchAll(EACH_DAY)].map((match) => ({
    day: NAMES.findIndex((name) => name.startsWith(match[0].toLowerCase().slice(0, 3))),
    before: text.slice(0, match.index),
  }));
  const days = new Set<number>();
  found.forEach(({ day, before }, i) => {
    days.add(day);
    const last = found[i - 1]?.day;
    if (last === undefined || !/(?:to|through|thru|till|until|-|–)\s*$/i.test(before)) return;
    for (let next = (last + 1) % 7; next !== day; next = (next + 1) % 7) days.add(next);
  });
  return [...days].sort((a, b) => a - b);
}
