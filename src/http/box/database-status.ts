import { z } from 'zod';
import type { BackupStatus, Store } from '#store';

/** How safe what is stored is, and what was lost so far. */
export interface DatabaseStatus {
  backup: Pick<BackupStatus, 'atMs' | 'bytes' | 'problem'>;
  restores: number;
  restored?: BackupStatus['restored'];
  segmentsFound: number;
  clockSteps: number;
  /** By stream. */
  gapMs: Record<string, number>;
}

export const databaseAnswer = z
  .object({
    backup: z
      .object({ at_ms: z.number().optional(), bytes: z.number().optional(), problem: z.string().optional() })
      .describe('The newest good copy of the database, and why there is no newer one'),
    restores: z.number().describe('How often it was restored from a copy'),
    restored: z
      .object({ at_ms: z.number(), problem: z.string(), from: z.string().optional() })
      .optional()
      .describe('The last time'),
    segments_found: z.number().describe('Segments that were entered after a crash, at this start'),
    clock_steps: z.number().describe('How often the system clock was set'),
    gap_ms: z.record(z.string(), z.number()).describe('What should have been recorded and was not, by stream'),
  })
  .describe('How safe what is stored is, and what was lost');

export async function databaseStatus(
  store: Pick<Store, 'backups' | 'segments' | 'clockSteps'>,
): Promise<DatabaseStatus> {
  const { restores, restored, ...backup } = await store.backups.status();
  return {
    backup,
    restores,
    ...(restored ? { restored } : {}),
    segmentsFound: store.segments.found,
    clockSteps: store.clockSteps.count(),
    gapMs: store.segments.gapTotals(),
  };
}
