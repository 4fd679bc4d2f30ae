import { describe, expect, it } from 'vitest';
import { healthFacts } from '../../src/web/box/health-facts.ts';
import { packWords } from '../../src/web/box/models.ts';
import { targetWords } from '../../src/web/box/targets.ts';
import { wallColumns } from '../../src/web/cameras/wall.ts';
import type { MachineJson, StatusJson, TargetJson } from '../../src/web/wire.ts';
import { yard } from './fixture-yard.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const { cameras } = yard(NOW);
const BOX = { id: 'box-1', name: 'Yard', version: '0.2.0', uptime_s: 7200 };
const MACHINE: MachineJson = {
  cores: 4,
  cpu_share: 0.23,
  memory_bytes: 8e9,
  memory_free_bytes: 5e9,
  temperature_c: 61.2,
  limits: [],
  earlier_limits: [],
};

describe('the health of a box', () => {
  it('is told in figures', () => {
    const storage = { bytes: 120e9, budget_bytes: 300e9, free_bytes: 200e9, days: 12.3 };
    const status: StatusJson = { box: BOX, cameras: [], machine: MACHINE, storage, evaluator: { lag: 0 } };
    const facts = healthFacts(status);
    expect(facts.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Processor: 23 % of 4 cores',
      'Memory: 3.0 GB of 8.0 GB used',
      'Temperature: 61 °C',
      'Recordings: 120 GB of 300 GB',
      'Disk: 200 GB free',
      'Days of video: 12 days when there is no more room',
      'Not looked at: nothing',
      'Alerts: up to date',
      'Running: for 2 h, version 0.2.0',
    ]);
    expect(facts.every(({ tone }) => tone === 'plain')).toBe(true);
  });

  it('shows what is too much', () => {
    const status: StatusJson = {
      box: BOX,
      cameras,
      machine: {
        ...MACHINE,
        cpu_share: 0.97,
        memory_free_bytes: 1e8,
        temperature_c: 82,
        limits: ['throttled'],
        earlier_limits: ['undervoltage', 'throttled'],
      },
      inference: { state: 'ready', dropped: 5 },
      storage: { days: 0.5 },
      evaluator: { lag: 900 },
      transcriber: { lag_ms: 125_000, waiting: 3 },
    };
    const warnings = healthFacts(status).filter(({ tone }) => tone === 'warn');
    expect(warnings.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Processor: 97 % of 4 cores',
      'Memory: 7.9 GB of 8.0 GB used',
      'Temperature: 82 °C',
      'Slowed down: now: it is slowed down',
      'Earlier: since it was switched on: too little voltage',
      'Days of video: 12 hours when there is no more room',
      'Not looked at: Driveway: 12 pictures, 3 windows; detector: 5 questions',
      'Alerts: 900 scenes behind',
      'Speech: written down with a delay of 2 min',
    ]);
  });

  it('leaves out what nobody knows', () => {
    const machine: MachineJson = { cores: 1, limits: [], earlier_limits: [] };
    expect(healthFacts({ box: BOX, cameras: [], machine }).map(({ name }) => name)).toEqual([
      'Not looked at',
      'Alerts',
      'Running',
    ]);
  });
});

describe('a target in words', () => {
  const target: TargetJson = {
    name: 'office',
    kind: 'hub',
    phase: 'idle',
    waiting: [],
    sent_bytes: 0,
    lost: 0,
    dropped: 0,
    given_up: 0,
  };

  it('has all', () => {
    expect(targetWords({ ...target, sent_bytes: 3e9 }, NOW)).toEqual({
      tone: 'armed',
      state: 'all sent',
      facts: '3.0 GB sent',
      problems: [],
    });
  });

  it('fails, and says what waits', () => {
    const failing: TargetJson = {
      ...target,
      phase: 'waiting',
      next_try_ms: NOW + 12_000,
      last_error: { message: 'the hub answered 401', at_ms: NOW - 1000 },
      oldest_waiting_ms: NOW - 3_600_000,
      left_ms: 600_000,
      waiting: [
        { kind: 'alert', items: 1, bytes: 1000 },
        { kind: 'records', items: 2, bytes: 9000 },
        { kind: 'clip', items: 0, bytes: 0 },
      ],
      lost: 1,
      dropped: 2,
      given_up: 1,
      refusal: 'too large',
    };
    expect(targetWords(failing, NOW)).toEqual({
      tone: 'quiet',
      state: 'fails; tries again in 12 s',
      facts: '1 alert, 2 batches to send (10 kB) · the oldest for 1 h · about 10 min left',
      problems: [
        'the hub answered 401.',
        'Refused 1 thing for good: too large.',
        '3 things had to be deleted before being sent.',
      ],
    });
  });

  it.each<[Partial<TargetJson>, string, string]>([
    [{ phase: 'paused', paused_by: 'key "wall"' }, 'quiet', 'paused by key "wall"'],
    [{ phase: 'later', why: 'not before 22:00' }, 'armed', 'later: not before 22:00'],
    [{ phase: 'sending' }, 'armed', 'sending'],
    [{ waiting: [{ kind: 'clip', items: 1, bytes: 1 }] }, 'armed', 'about to send'],
  ])('says why it does not send: %j', (change, tone, state) => {
    expect(targetWords({ ...target, ...change }, NOW)).toMatchObject({ tone, state });
  });
});

describe('a model pack in words', () => {
  const pack = { name: 'tiny', task: 'object-detection', licence: 'MIT', bytes: 5e6, here: true };
  const use = {
    state: 'ready',
    packs: { 'object-detection': 'tiny' },
    providers: { 'object-detection': 'cpu' },
    answer_ms: { 'object-detection': 41.6 },
  };

  it('says what it runs on and how fast', () => {
    expect(packWords(pack, use)).toEqual({
      tone: 'armed',
      state: 'in use',
      facts: 'object detection · runs on CPU · 42 ms a picture · 5.0 MB · MIT',
      problem: '',
    });
    expect(packWords(pack, undefined)).toMatchObject({ state: 'here', facts: 'object detection · 5.0 MB · MIT' });
  });

  it('says what is wrong with it', () => {
    expect(packWords({ ...pack, problem: 'its file is cut short' }, use)).toMatchObject({
      tone: 'quiet',
      state: 'can not be used',
      problem: 'its file is cut short',
    });
    const failed = { state: 'failed', percentage: 3, error: 'the server answered 404' } as const;
    expect(packWords({ ...pack, here: false, adds: 'sees cars', pull: failed }, undefined)).toMatchObject({
      state: 'not here',
      problem: 'Could not be fetched: the server answered 404',
    });
  });
});

describe('the wall', () => {
  it.each([
    [1, 1920, 1080, 1],
    [2, 1920, 1080, 2],
    [2, 390, 844, 1],
    [4, 1920, 1080, 2],
    [5, 1920, 1080, 3],
    [9, 1920, 1080, 3],
    [0, 1920, 1080, 1],
  ])('shows %i pictures on %i × %i in %i columns', (count, width, height, columns) => {
    expect(wallColumns(count, width, height)).toBe(columns);
  });
});
