import type { Rule, TimeOfDay } from '#domain';
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

function told({ subject, relation, zone, colour, during, forMs, count }: Rule): string {
  if (subject.kind === 'text' || subject.kind === 'speech') return subject.kind;
  return [
    subjectOf(subject),
    relation,
    count && `${count.op}${count.value}`,
    forMs !== undefined && `for ${forMs / 1000}s`,
    zone && `@${zone}`,
    colour,
    during && timeOf(during),
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
