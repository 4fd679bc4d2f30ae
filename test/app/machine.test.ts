import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#runtime';
import { MachineMeter } from '../../src/app/machine.ts';

const PI = 'sys/devices/platform/soc/soc:firmware/get_throttled';
const PI_5 = 'sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled';
const ZONES = 'sys/class/thermal';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'watchpost-machine-'));
});
afterEach(() => rm(root, { recursive: true }));

async function found(files: Record<string, string>) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${text}\n`);
  }
  using meter = await MachineMeter.start(systemClock, root);
  return meter.status();
}

describe('the machine', () => {
  it('tells nothing that its system does not', async () => {
    expect(await found({})).toEqual({ cores: availableParallelism(), limits: [], earlierLimits: [] });
  });

  it('has memory', async () => {
    const meminfo = 'MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:    5000000 kB';
    expect(await found({ 'proc/meminfo': meminfo })).toMatchObject({
      memoryBytes: 8_192_000_000,
      memoryFreeBytes: 5_120_000_000,
    });
  });

  it('is as warm as the hottest part of its processor', async () => {
    const zones = {
      [`${ZONES}/thermal_zone0/type`]: 'iwlwifi_1',
      [`${ZONES}/thermal_zone0/temp`]: '91000',
      [`${ZONES}/thermal_zone1/type`]: 'cpu-thermal',
      [`${ZONES}/thermal_zone1/temp`]: '61234',
      [`${ZONES}/thermal_zone2/type`]: 'gpu-thermal',
      [`${ZONES}/thermal_zone2/temp`]: '58000',
      [`${ZONES}/thermal_zone3/type`]: 'soc-off-thermal',
      [`${ZONES}/thermal_zone3/temp`]: '-256000',
    };
    expect((await found(zones)).temperatureC).toBe(61.2);
  });

  it('is as warm as any zone where none is of a processor', async () => {
    expect(
      (await found({ [`${ZONES}/thermal_zone0/type`]: 'acpitz', [`${ZONES}/thermal_zone0/temp`]: '48500' }))
        .temperatureC,
    ).toBe(48.5);
  });

  it.each([
    [PI, '0', [], []],
    [PI, '50005', ['undervoltage', 'throttled'], ['undervoltage', 'throttled']],
    [PI_5, 'e0008', ['hot'], ['capped', 'throttled', 'hot']],
  ])('is slowed down as its firmware says: %s %s', async (path, bits, limits, earlierLimits) => {
    expect(await found({ [path]: bits })).toMatchObject({ limits, earlierLimits });
  });

  it('is slowed down as its kernel says, where the firmware says nothing', async () => {
    const kernel = {
      'sys/class/hwmon/hwmon1/name': 'rpi_volt',
      'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1',
      [`${ZONES}/cooling_device0/type`]: 'pwm-fan',
      [`${ZONES}/cooling_device0/cur_state`]: '3',
      [`${ZONES}/cooling_device1/type`]: 'cpufreq-cpu0',
      [`${ZONES}/cooling_device1/cur_state`]: '0',
    };
    expect((await found(kernel)).limits).toEqual(['undervoltage']);
    const slowed = { ...kernel, [`${ZONES}/cooling_device1/cur_state`]: '2' };
    expect((await found(slowed)).limits).toEqual(['undervoltage', 'throttled']);
  });

  it('says how busy its processor is once it has looked twice', async () => {
    using meter = await MachineMeter.start(systemClock, root);
    // The kernel counts in hundredths of a second.
    for (const end = performance.now() + 100; performance.now() < end; );
    await meter.look();
    expect(meter.status().cpuShare).toBeGreaterThan(0);
    expect(meter.status().cpuShare).toBeLessThanOrEqual(1);
  });
});
