import { z } from 'zod';

const renewed = z.object({ model: z.string(), share: z.number().describe('Of these scenes, 0 to 1') });

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
    renewal: z
      .object({ vectors: renewed.optional(), pictures: renewed.optional() })
      .describe('Older scenes that get vectors of a model that has come: of their texts, of their thumbnails'),
  })
  .describe('What searches');
