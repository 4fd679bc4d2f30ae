import { z } from 'zod';

export const searchStatusAnswer = z
  .object({
    state: z
      .enum(['in_process', 'apart', 'restarting'])
      .describe('Where searches are done: "in_process" while little is stored, then in a process of their own'),
    under_way: z.number(),
    restarts: z.number(),
    pid: z.number().optional(),
    codes: z
      .object({ count: z.number(), bytes: z.number(), complete: z.boolean() })
      .optional()
      .describe('Vectors of which that process has the codes in memory; complete: all, or all that there is room for'),
    last_error: z.string().optional(),
  })
  .describe('What searches');
