import type { Rule, RulePart, TimeOfDay } from '#domain';
import { ruleFor } from '#events';
import { isFault } from '#runtime';

/** The meaning that the box finds in a prompt, as the table writes it. */
export function meaningOf(prompt: string, zones: readonly string[]): string {
  try {
    return told(ruleFor(prompt, { zones }));
  } catch (error) {
    if (isFault(error, 'invalid')) return 'refused';
    throw error;
  }
}

function told(rule: Rule): string {
  const { subject, during } = rule;
  if (subject.kind !== 'parts') return [partTold(rule), during && timeOf(during)].filter(Boolean).join(' ');
  const parts = subject.parts.map((part) => `${part.not ? 'not ' : ''}${partTold(part)}`);
  return [parts.join(subject.join === 'all' ? ' + ' : ' / '), during && timeOf(during)].filter(Boolean).join(' ');
}

function partTold({ subject, relation, zone, colour, size, direction, windows, forMs, count }: RulePart): string {
  if (subject.kind === 'text' || subject.kind === 'speech') return subject.kind;
  return [
    size && (size.op === '>=' ? 'large' : 'small'),
    subjectOf(subject),
    relation,
    direction,
    count && `${count.op}${count.value}`,
    forMs !== undefined && `for ${forMs / 1000}s`,
    zone && `@${zone}`,
    colour,
    windows && `in ${windows.least}/${windows.of}`,
  ]
    .filter((part) => part !== undefined && part !== false)
    .join(' ');
}

function subjectOf(subject: Rule['subject']): string {
  if (subject.kind === 'object') return [...subject.labels].sort().join('|');
  if (subject.kind === 'light') return `light ${subject.change}`;
  if (subject.kind === 'tamper') return `tamper ${subject.tampers.join('|')}`;
  return subject.kind === 'sound' ? `sound ${subject.name.replace(/^an? /, '')}` : subject.kind;
}

function timeOf({ fromMinute, toMinute, days }: TimeOfDay): string {
  const clock = (minute: number) =>
    [Math.floor(minute / 60) % 24, minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `during ${clock(fromMinute)}-${clock(toMinute)}${days ? ` ${days.join(',')}` : ''}`;
}
