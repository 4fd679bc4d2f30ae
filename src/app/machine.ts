import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { MachineStatus, PowerLimit } from '#http';
import type { Clock } from '#runtime';

const EVERY_MS = 5000;
/** Bits of the Raspberry Pi's firmware; the same, 16 higher, since it was switched on. */
const LIMITS: readonly PowerLimit[] = ['undervoltage', 'capped', 'throttled', 'hot'];
const EARLIER_BITS = 16;
/** Zones that a processor's heat is measured in; others are of radios, batteries and cases. */
const PROCESSOR = /cpu|soc|pkg|gpu|package/i;
const THROTTLES = /cpufreq|^processor$/i;

/**
 * How the machine does: processor, memory, heat, and whether it slows itself down for heat or want of power. Looks every
 * few seconds, so that asking costs nothing; what the system doesn't tell is left out. Never throws.
 */
export class MachineMeter implements Disposable {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;
  #ticks: Ticks;
  #cpuShare: number | undefined;
  #found: Pick<MachineStatus, 'memoryBytes' | 'memoryFreeBytes' | 'temperatureC'> & Limits = { ...NO_LIMITS };
  #looking = false;

  private constructor(clock: Clock, root: string) {
    this.#clock = clock;
    this.#root = root;
    this.#ticks = ticks(clock);
    this.#timer = setInterval(() => void this.look(), EVERY_MS).unref();
  }

  /** `root` stands in for `/` where `proc` and `sys` are read. */
  static async start(clock: Clock, root = '/'): Promise<MachineMeter> {
    const meter = new MachineMeter(clock, root);
    await meter.#lookOnce();
    return meter;
  }

  status(): MachineStatus {
    const cpuShare = this.#cpuShare;
    return { cores: availableParallelism(), ...(cpuShare === undefined ? {} : { cpuShare }), ...this.#found };
  }

  /** How busy the processor was since the last look or the start, and the rest as it is now. */
  async look(): Promise<void> {
    this.#measureCpu();
    await this.#lookOnce();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** A look that takes long isn't joined by another. */
  async #lookOnce(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const [memory, temperatureC, limits] = await Promise.all([this.#memory(), this.#temperature(), this.#limits()]);
      this.#found = { ...memory, ...(temperatureC === undefined ? {} : { temperatureC }), ...limits };
    } finally {
      this.#looking = false;
    }
  }

  #measureCpu(): void {
    const now = ticks(this.#clock);
    const all = now.all - this.#ticks.all;
    if (all <= 0 || now.atMs === this.#ticks.atMs) return;
    this.#cpuShare = Math.min(1, Math.max(0, 1 - (now.idle - this.#ticks.idle) / all));
    this.#ticks = now;
  }

  async #memory(): Promise<Pick<MachineStatus, 'memoryBytes' | 'memoryFreeBytes'>> {
    const text = (await this.#read('proc/meminfo')) ?? '';
    const of = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024;
    const [memoryBytes, memoryFreeBytes] = [of('MemTotal'), of('MemAvailable')];
    return Number.isNaN(memoryBytes + memoryFreeBytes) ? {} : { memoryBytes, memoryFreeBytes };
  }

  /** Of the hottest part of the processor. */
  async #temperature(): Promise<number | undefined> {
    const zones = await Promise.all(
      (await this.#folders('sys/class/thermal', /^thermal_zone/)).map(async (zone) => ({
        type: (await this.#read(`${zone}/type`)) ?? '',
        degrees: Number((await this.#read(`${zone}/temp`)) ?? Number.NaN) / 1000,
      })),
    );
    // A sensor that is switched off says 0, or something absurd.
    const telling = zones.filter(({ degrees }) => degrees > 0 && degrees < 150);
    const processor = telling.filter(({ type }) => PROCESSOR.test(type));
    const hottest = Math.max(...(processor.length > 0 ? processor : telling).map(({ degrees }) => degrees));
    return Number.isFinite(hottest) ? Math.round(hottest * 10) / 10 : undefined;
  }

  /** What the firmware of a Raspberry Pi says, else what the kernel does. */
  async #limits(): Promise<Limits> {
    const [bits] = await this.#firmware();
    if (bits !== undefined) return { limits: limitsOf(bits), earlierLimits: limitsOf(bits >> EARLIER_BITS) };
    const limits: PowerLimit[] = [];
    if (await this.#isShort()) limits.push('undervoltage');
    if (await this.#isCooled()) limits.push('throttled');
    return { limits, earlierLimits: [] };
  }

  /** `sys/devices/platform/soc…/soc…:firmware/get_throttled`: what stands after "soc" is another on each model. */
  async #firmware(): Promise<number[]> {
    const socs = await this.#folders('sys/devices/platform', /^soc/);
    const places = (await Promise.all(socs.map((soc) => this.#folders(soc, /:firmware$/)))).flat();
    const texts = await Promise.all(places.map((place) => this.#read(`${place}/get_throttled`)));
    return texts.flatMap((text) =>
      text !== undefined && /^[0-9a-f]+$/i.test(text) ? [Number.parseInt(text, 16)] : [],
    );
  }

  async #isShort(): Promise<boolean> {
    const sensors = await this.#folders('sys/class/hwmon', /^hwmon/);
    const short = sensors.map(
      async (sensor) =>
        (await this.#read(`${sensor}/name`)) === 'rpi_volt' && (await this.#read(`${sensor}/in0_lcrit_alarm`)) === '1',
    );
    return (await Promise.all(short)).includes(true);
  }

  async #isCooled(): Promise<boolean> {
    const devices = await this.#folders('sys/class/thermal', /^cooling_device/);
    const slowed = devices.map(
      async (device) =>
        THROTTLES.test((await this.#read(`${device}/type`)) ?? '') &&
        Number((await this.#read(`${device}/cur_state`)) ?? 0) > 0,
    );
    return (await Promise.all(slowed)).includes(true);
  }

  async #folders(path: string, name: RegExp): Promise<string[]> {
    const names = await readdir(join(this.#root, path)).catch(() => []);
    return names.filter((one) => name.test(one)).map((one) => `${path}/${one}`);
  }

  async #read(path: string): Promise<string | undefined> {
    return readFile(join(this.#root, path), 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    );
  }
}

type Limits = Pick<MachineStatus, 'limits' | 'earlierLimits'>;
const NO_LIMITS: Limits = { limits: [], earlierLimits: [] };

function limitsOf(bits: number): PowerLimit[] {
  return LIMITS.filter((_, bit) => (bits & (1 << bit)) !== 0);
}

interface Ticks {
  all: number;
  idle: number;
  atMs: number;
}

function ticks(clock: Clock): Ticks {
  const times = cpus().map(({ times }) => times);
  const sum = (of: (time: (typeof times)[number]) => number) => times.reduce((total, time) => total + of(time), 0);
  const idle = sum((time) => time.idle);
  return { idle, all: idle + sum(({ user, nice, sys, irq }) => user + nice + sys + irq), atMs: clock.monotonicMs() };
}
