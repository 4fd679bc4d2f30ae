import { z } from 'zod';
import type { Metric, Sample } from './sync-status.ts';

/** Why a machine is slower than it could be; the first is of its power supply, the others mostly of its heat. */
export type PowerLimit = 'undervoltage' | 'capped' | 'throttled' | 'hot';

/** How the machine does that this runs on. */
export interface MachineStatus {
  cores: number;
  /** Of all cores, over the last seconds. */
  cpuShare?: number;
  memoryBytes?: number;
  /** What programs could still get. */
  memoryFreeBytes?: number;
  temperatureC?: number;
  limits: PowerLimit[];
  /** Since it was switched on; a Raspberry Pi tells. */
  earlierLimits: PowerLimit[];
}

const limits = z.array(z.enum(['undervoltage', 'capped', 'throttled', 'hot']));

export const machineAnswer = z
  .object({
    cores: z.number(),
    cpu_share: z.number().optional().describe('Of all cores, 0 to 1, over the last seconds'),
    memory_bytes: z.number().optional(),
    memory_free_bytes: z.number().optional().describe('What programs could still get'),
    temperature_c: z.number().optional().describe('Of the hottest part of the processor'),
    limits: limits.describe('Why it is slower than it could be, now'),
    earlier_limits: limits.describe('The same since it was switched on; a Raspberry Pi tells'),
  })
  .describe('The machine; what its system does not tell is left out');

export function machineMetrics({ limits, ...machine }: MachineStatus, metric: Metric): string[] {
  const one = (value: number | undefined): Sample[] => [[{}, value]];
  return [
    ...metric('machine_cpu_share', 'gauge', 'Share of all cores that is used', one(machine.cpuShare)),
    ...metric('machine_memory_bytes', 'gauge', 'Memory of the machine', one(machine.memoryBytes)),
    ...metric('machine_memory_free_bytes', 'gauge', 'What programs could still get', one(machine.memoryFreeBytes)),
    ...metric('machine_temperature_celsius', 'gauge', 'Hottest part of the processor', one(machine.temperatureC)),
    ...metric('machine_limited', 'gauge', '1 while heat or power slow it down', one(Number(limits.length > 0))),
  ];
}
