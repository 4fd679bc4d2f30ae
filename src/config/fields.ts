import { z } from 'zod';
import { CLOCK_TIME, WEEKDAYS } from '#domain';

export const name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must not be longer than 100 characters')
  .regex(/^\P{Cc}*$/u, 'must not contain control characters');

export function address(schemes: readonly string[], what: string): z.ZodString {
  const allowed = schemes.map((scheme) => `${scheme}://`).join(', ');
  const shape = new RegExp(`^(${schemes.join('|')})://[^\\s/]`, 'i');
  return z.string().regex(shape, `must be ${what} that starts with ${allowed}`);
}

/** What is never shown: passwords, keys, and addresses, which may hold either. Editors know by `writeOnly`. */
export function secret<T extends z.ZodType>(field: T): T {
  return field.meta({ ...field.meta(), writeOnly: true });
}

export const pemFile = z.string().min(1, 'must not be empty').exactOptional();

const clockTime = z.string().regex(CLOCK_TIME, 'must be a time of day in quotation marks, such as "22:00"');

/** A time of each week. */
export const weekly = z.strictObject({
  days: z
    .array(z.enum(WEEKDAYS, `must be of ${WEEKDAYS.join(', ')}`))
    .min(1, 'must name a day; leave it out for every day')
    .exactOptional()
    .describe('Days on which it begins: sun, mon, tue, wed, thu, fri, sat. Default: every day.'),
  from: clockTime.describe('Time of day, by the clock of the box: "22:00".'),
  to: clockTime.describe('Until when; before `from` it is of the next day, the same as `from` a whole day later.'),
});

export function uniqueNames<T extends z.ZodType<{ name: string }[]>>(list: T): T {
  return list.check((context) => {
    const seen = new Set<string>();
    for (const [at, item] of context.value.entries()) {
      if (seen.has(item.name))
        context.issues.push({
          code: 'custom',
          input: undefined,
          path: [at, 'name'],
          message: 'is used twice: give each its own name',
        });
      seen.add(item.name);
    }
  });
}
