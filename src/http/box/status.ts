import { z } from 'zod';
import type { CameraStatus, Stream } from '#domain';
import type { ChecksStatus, TellersStatus, VerdictsStatus } from '#pipeline';
import type { RenewalStatus, SearchStatus } from '#store';
import type { TargetStatus } from '#sync';
import type { CertificateStatus } from '../certificate.ts';
import type { HttpDeps } from '../deps.ts';
import {
  backfillAnswer,
  backfillFacts,
  type Understanding,
  understandingAnswer,
  understandingOf,
} from '../indexes/index-facts.ts';
import { snake } from '../indexes/scene-views.ts';
import { Api } from '../route.ts';
import { searchStatusAnswer } from '../searching/search-status.ts';
import { isSoundOnly } from '../streams/sound-only.ts';
import { zoneAnswer } from '../streams/views.ts';
import { type Attention, attentionAnswer, attentionOf } from './attention.ts';
import { type DatabaseStatus, databaseAnswer, databaseStatus } from './database-status.ts';
import { type MachineStatus, machineAnswer } from './machine-status.ts';
import { metricsText } from './metrics.ts';
import { type StorageStatus, storageAnswer, storageStatus } from './storage-status.ts';
import { targetAnswer } from './sync-status.ts';

/** What the box is doing now, for people, the live page and Prometheus. */
export interface BoxStatus {
  /** What a person should look at, the most urgent first. */
  attention: Attention[];
  box: { id: string; name: string; version: string; uptimeS: number };
  machine: MachineStatus;
  cameras: (CameraStatus & Pick<Stream, 'name' | 'zones'> & { indexes: IndexStatus[] })[];
  inference: ReturnType<HttpDeps['inference']['status']>;
  listening: ReturnType<HttpDeps['listening']['status']>;
  transcriber: ReturnType<HttpDeps['transcriber']['status']>;
  summaries: ReturnType<HttpDeps['summaries']['status']>;
  /** Absent where nothing could look at pictures by an instruction. */
  telling?: TellersStatus & { verdicts?: VerdictsStatus; checks?: ChecksStatus };
  evaluator: { lag: number };
  delivery: ReturnType<HttpDeps['delivery']['status']> & { callbacksDead?: number };
  /** Empty where nothing goes elsewhere. */
  sync: TargetStatus[];
  websockets: ReturnType<HttpDeps['hub']['status']>;
  models: { name: string; task: string; licence: string; problem?: string }[];
  storage: StorageStatus;
  database: DatabaseStatus;
  search: SearchStatus & { renewal: RenewalStatus };
  configuration: ReturnType<HttpDeps['configuration']['status']>;
  /** Absent where the box speaks HTTP. */
  certificate?: CertificateStatus;
}

interface IndexStatus extends Understanding {
  id: string;
  name: string;
  status: string;
  backfill?: z.input<typeof backfillAnswer>;
}

const cameraAnswer = z.object({
  stream_id: z.string(),
  name: z.string(),
  phase: z.enum(['stopped', 'connecting', 'recording', 'stalled', 'waiting']),
  since_ms: z.number(),
  last_error: z.string().optional(),
  next_try_ms: z.number().optional(),
  restarts: z.number(),
  facts: z.record(z.string(), z.unknown()).optional(),
  sampling: z.enum(['keyframes', 'decode']).optional(),
  substream: z
    .object({ state: z.enum(['used', 'away']), last_error: z.string().optional() })
    .optional()
    .describe('Whether the smaller stream is looked at; while it is away the main stream is'),
  keyframe_interval_s: z.number().optional(),
  fps_seen: z.number(),
  frames_seen: z.number(),
  frames_dropped: z.number(),
  windows_dropped: z.number(),
  last_frame_ms: z.number().optional(),
  last_segment_end_ms: z.number().optional(),
  segments_written: z.number(),
  bytes_written: z.number(),
  cpu_share: z.number().optional(),
  notes: z.array(z.string()),
  degraded: z
    .array(z.object({ kind: z.enum(['recording', 'looking', 'pictures']), what: z.string(), remedy: z.string() }))
    .describe('What it gets less of than is asked for, for minutes now, and what helps; none: all is well'),
  zones: z.array(zoneAnswer),
  indexes: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      status: z.string(),
      ...understandingAnswer,
      backfill: backfillAnswer.optional(),
    }),
  ),
});

const ear = z.looseObject({ state: z.string(), pack: z.string().optional(), last_error: z.string().optional() });

const asked = z.object({
  name: z.string(),
  state: z.enum(['ready', 'resting']),
  model: z.string(),
  asked: z.number(),
  failed: z.number(),
  last_error: z.string().optional(),
});

const statusAnswer = z.looseObject({
  attention: attentionAnswer,
  box: z.object({ id: z.string(), name: z.string(), version: z.string(), uptime_s: z.number() }),
  machine: machineAnswer,
  cameras: z.array(cameraAnswer),
  inference: z.looseObject({ state: z.string() }),
  listening: z.looseObject({ voice: ear, sounds: ear, speech: ear }).describe('The packs that listen'),
  transcriber: z
    .looseObject({
      lag_ms: z.number().describe('How long the speech has waited that has waited longest'),
      waiting: z.number().describe('Stretches of speech that are not written down yet'),
      spool_bytes: z.number().describe('What they take on the disk'),
      gaps: z.number().describe('Stretches that were not written down, since the start'),
      transcribed: z.number(),
      last_error: z.string().optional(),
      per_stream: z.record(z.string(), z.object({ lag_ms: z.number(), waiting: z.number() })),
    })
    .describe('What writes down speech'),
  summaries: z.array(asked).describe('What follows the prompts of audio indexes; none: long scenes are extracts'),
  telling: z
    .object({
      tellers: z
        .array(asked)
        .describe('What looks at pictures and follows instructions; none: scenes stay as they are'),
      waiting: z.number().describe('Scenes and alerts that wait for their turn'),
      told: z.number().describe('Told since the start'),
      dropped: z.number().describe('Those that nobody had time for before newer ones came'),
      passed: z.number().describe('Scenes of "pro" indexes that came while all were busy'),
      verdicts: z
        .object({ given: z.number(), gave_up: z.number() })
        .optional()
        .describe('Alerts that were looked at again, and those that could not be'),
      checks: z
        .object({ waiting: z.number(), confirmed: z.number(), denied: z.number(), undecided: z.number() })
        .optional()
        .describe('What was asked before alerts fired that no rule stands for'),
    })
    .optional()
    .describe('What tells scenes of "pro" and "ultra" indexes anew, and looks at alerts again'),
  evaluator: z.looseObject({ lag: z.number() }),
  delivery: z.looseObject({
    callbacks_dead: z.number().optional().describe('Outcomes of jobs that were given up'),
  }),
  sync: z.array(targetAnswer).describe('What goes elsewhere: to hubs, VideoDB’s cloud, buckets'),
  websockets: z.object({ open: z.number(), sent: z.number(), dropped: z.number() }),
  models: z.array(
    z.object({ name: z.string(), task: z.string(), licence: z.string(), problem: z.string().optional() }),
  ),
  storage: storageAnswer,
  database: databaseAnswer,
  search: searchStatusAnswer,
  configuration: z
    .object({ version: z.number(), restart_required: z.array(z.string()), problem: z.string().optional() })
    .describe('`restart_required`: paths that are in force from the next start on'),
  certificate: z
    .object({ expires_ms: z.number(), problem: z.string().optional() })
    .optional()
    .describe('By what the box proves who it is; `problem` says why a newer one is not used'),
});

export function statusRoutes(deps: HttpDeps): Api {
  const api = new Api('The box');

  api.get(
    '/v1/status',
    { summary: 'The box, its cameras, inference, delivery and storage, as they are now', answer: statusAnswer },
    // `snake` renames keys, and changes nothing else.
    async () => snake(await boxStatus(deps)) as z.input<typeof statusAnswer>,
  );

  api.get(
    '/metrics',
    { summary: 'The same for Prometheus (the key as a bearer token)', answer: z.never(), mediaType: 'text/plain' },
    async (c) =>
      c.text(metricsText(await boxStatus(deps), deps), 200, {
        'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
      }),
  );

  return api;
}

export async function boxStatus(deps: HttpDeps): Promise<BoxStatus> {
  const status = await withoutAttention(deps);
  return { attention: attentionOf(status, deps.clock.nowMs()), ...status };
}

async function withoutAttention(deps: HttpDeps): Promise<Omit<BoxStatus, 'attention'>> {
  const { store, config, version } = deps;
  return {
    box: { id: store.boxId, name: config.name, version, uptimeS: Math.round(process.uptime()) },
    machine: deps.machine.status(),
    cameras: cameraStatuses(deps),
    inference: deps.inference.status(),
    listening: deps.listening.status(),
    transcriber: deps.transcriber.status(),
    summaries: deps.summaries.status(),
    ...tellingOf(deps),
    evaluator: deps.evaluator.status(),
    delivery: { ...deps.delivery.status(), ...untold(store.jobs.deadCallbacks()) },
    sync: deps.sync.status(),
    websockets: deps.hub.status(),
    models: deps.models.list().map(({ pack: { name, task, licence }, problem }) => ({
      name,
      task,
      licence,
      ...(problem === undefined ? {} : { problem }),
    })),
    storage: await storageStatus(deps),
    database: await databaseStatus(store),
    search: { ...store.search.status(), renewal: store.renewal.status() },
    configuration: deps.configuration.status(),
    ...(deps.certificate ? { certificate: deps.certificate.status() } : {}),
  };
}

/** Only where there are any, as with messages that were given up. */
function untold(callbacksDead: number): { callbacksDead?: number } {
  return callbacksDead > 0 ? { callbacksDead } : {};
}

function tellingOf({ tellers, verdicts, checks }: HttpDeps): Pick<BoxStatus, 'telling'> {
  if (!tellers) return {};
  const more = { ...(verdicts ? { verdicts: verdicts.status() } : {}), ...(checks ? { checks: checks.status() } : {}) };
  return { telling: { ...tellers.status(), ...more } };
}

function cameraStatuses(deps: HttpDeps): BoxStatus['cameras'] {
  const { store, supervisor } = deps;
  const live = new Map(supervisor.status().map((status) => [status.streamId, status]));
  const { results } = store.streams.list({ ordering: 'name', own: true });
  return results.map((stream) => {
    const status = live.get(stream.id) ?? idle(stream);
    const keyframeIntervalS = status.facts?.keyframeIntervalS;
    const soundOnly = isSoundOnly(stream, status);
    return {
      ...status,
      name: stream.name,
      zones: stream.zones,
      ...(keyframeIntervalS === undefined ? {} : { keyframeIntervalS }),
      indexes: store.indexes.listByStream(stream.id).map((index) => {
        const { id, name, status } = index;
        return { id, name, status, ...understandingOf(index, deps, soundOnly), ...backfillFacts(index, deps) };
      }),
    };
  });
}

/** A stream that the supervisor doesn't hold. */
function idle({ id, createdMs }: Stream): CameraStatus {
  return {
    streamId: id,
    phase: 'stopped',
    sinceMs: createdMs,
    restarts: 0,
    fpsSeen: 0,
    framesSeen: 0,
    framesDropped: 0,
    windowsDropped: 0,
    segmentsWritten: 0,
    bytesWritten: 0,
    notes: [],
    degraded: [],
  };
}
