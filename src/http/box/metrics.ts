import type { HttpDeps } from '../deps.ts';
import { fleetMetrics } from '../fleet/boxes.ts';
import { machineMetrics } from './machine-status.ts';
import type { BoxStatus } from './status.ts';
import { syncMetrics } from './sync-status.ts';

type Sample = [labels: Record<string, string>, value: number | undefined];
type Camera = BoxStatus['cameras'][number];

const CAMERA_METRICS: readonly [
  name: string,
  kind: 'gauge' | 'counter',
  help: string,
  (camera: Camera) => number | undefined,
][] = [
  ['camera_recording', 'gauge', '1 while the camera is being recorded', ({ phase }) => Number(phase === 'recording')],
  ['camera_restarts_total', 'counter', 'Connections after the first', ({ restarts }) => restarts],
  ['camera_fps', 'gauge', 'Sampled frames per second over the last minute', ({ fpsSeen }) => fpsSeen],
  ['camera_frames_total', 'counter', 'Sampled frames', ({ framesSeen }) => framesSeen],
  ['camera_frames_dropped_total', 'counter', 'Sampled frames dropped', ({ framesDropped }) => framesDropped],
  [
    'camera_windows_dropped_total',
    'counter',
    'Windows dropped as inference was busy',
    (camera) => camera.windowsDropped,
  ],
  ['camera_segments_total', 'counter', 'Segments written', ({ segmentsWritten }) => segmentsWritten],
  ['camera_bytes_total', 'counter', 'Bytes recorded', ({ bytesWritten }) => bytesWritten],
  ['camera_cpu_share', 'gauge', 'Share of one core used by ffmpeg', ({ cpuShare }) => cpuShare],
  [
    'camera_last_segment_seconds',
    'gauge',
    'End of the last segment, Unix seconds',
    (camera) => (camera.lastSegmentEndMs === undefined ? undefined : camera.lastSegmentEndMs / 1000),
  ],
];

/** Prometheus text format 0.0.4. */
export function metricsText(status: BoxStatus, deps: Pick<HttpDeps, 'store' | 'clock' | 'fleet'>): string {
  const { store, clock } = deps;
  const { inference, evaluator, websockets, storage } = status;
  const delivered = Object.entries(store.deliveries.totals()).map(([channel, n]): Sample => [{ channel }, n]);
  const pending = store.deliveries.backlog().map(({ channel, pending }): Sample => [{ channel }, pending]);
  const lines = [
    ...metric('info', 'gauge', 'Always 1', [[{ version: status.box.version, box: status.box.id }, 1]]),
    ...CAMERA_METRICS.flatMap(([name, kind, help, read]) =>
      metric(
        name,
        kind,
        help,
        status.cameras.map((camera): Sample => [labelsOf(camera), read(camera)]),
      ),
    ),
    ...metric('camera_degraded', 'gauge', '1 for each thing that a camera gets less of', degradedOf(status)),
    ...metric('inference_ready', 'gauge', '1 while a detector is loaded', one(Number(inference.state === 'ready'))),
    ...metric('inference_queued', 'gauge', 'Frames waiting for the detector', one(inference.queued)),
    ...metric('inference_dropped_total', 'counter', 'Frames dropped by the detector', one(inference.dropped)),
    ...metric('inference_restarts_total', 'counter', 'Restarts of the detector process', one(inference.restarts)),
    ...hearingMetrics(status),
    ...tellingMetrics(status),
    ...metric('events_lag', 'gauge', 'Journal entries not yet evaluated', one(evaluator.lag)),
    ...metric('config_version', 'gauge', 'Version of the configuration in force', one(status.configuration.version)),
    ...metric(
      'config_problem',
      'gauge',
      '1 while something of the configuration is not in force',
      one(Number(status.configuration.problem !== undefined)),
    ),
    ...metric('certificate_expires_seconds', 'gauge', 'End of the certificate, Unix seconds', expiryOf(status)),
    ...metric('alerts', 'gauge', 'Alerts kept', one(store.firings.count())),
    ...metric('deliveries_done', 'gauge', 'Messages about kept alerts that were delivered', delivered),
    ...metric('deliveries_pending', 'gauge', 'Messages about alerts that wait for delivery', pending),
    ...metric('deliveries_dead', 'gauge', 'Messages that were given up', one(store.deliveries.deadCount())),
    ...metric('callbacks_dead', 'gauge', 'Outcomes of jobs that were given up', one(store.jobs.deadCallbacks())),
    ...syncMetrics(status.sync, metric, clock.nowMs()),
    ...fleetMetrics(deps, metric),
    ...metric('websocket_clients', 'gauge', 'WebSocket clients connected', one(websockets.open)),
    ...metric('websocket_frames_total', 'counter', 'Frames sent to WebSocket clients', one(websockets.sent)),
    ...metric(
      'websocket_dropped_total',
      'counter',
      'WebSocket clients dropped for not reading',
      one(websockets.dropped),
    ),
    ...metric('storage_segments', 'gauge', 'Segments kept', one(storage.segments)),
    ...metric('storage_bytes', 'gauge', 'Bytes of segments kept', one(storage.bytes)),
    ...storageMetrics(status),
    ...metric('storage_free_bytes', 'gauge', 'Free bytes on the recording disk', one(storage.freeBytes)),
    ...lossMetrics(status),
    ...searchMetrics(status),
    ...machineMetrics(status.machine, metric),
    ...metric('process_resident_bytes', 'gauge', 'Memory of the main process', one(process.memoryUsage.rss())),
  ];
  return `${lines.join('\n')}\n`;
}

function searchMetrics({ search }: BoxStatus): string[] {
  return [
    ...metric(
      'search_apart',
      'gauge',
      '1 while searches have a process of their own',
      one(Number(search.state === 'apart')),
    ),
    ...metric('search_restarts_total', 'counter', 'Restarts of the process that searches', one(search.restarts)),
    ...metric('search_codes', 'gauge', 'Vectors whose codes are in memory', one(search.codes?.count)),
    ...metric('search_codes_bytes', 'gauge', 'What these codes take', one(search.codes?.bytes)),
  ];
}

/** What the loss contract counts (docs/operations.md). */
function lossMetrics({ database, cameras }: BoxStatus): string[] {
  const { backup, restores, segmentsFound, clockSteps, gapMs } = database;
  const gaps = cameras.map((camera): Sample => [labelsOf(camera), (gapMs[camera.streamId] ?? 0) / 1000]);
  return [
    ...metric('camera_gap_seconds', 'gauge', 'Seconds that should have been recorded and were not', gaps),
    ...metric('segments_found_total', 'counter', 'Segments entered after a crash at this start', one(segmentsFound)),
    ...metric('clock_steps', 'gauge', 'How often the system clock was set', one(clockSteps)),
    ...metric('database_restores_total', 'counter', 'Restores of a damaged database', one(restores)),
    ...metric('database_backup_failed', 'gauge', '1 while copies fail', one(Number(backup.problem !== undefined))),
    ...metric('database_backup_bytes', 'gauge', 'Size of the newest copy', one(backup.bytes)),
    ...metric(
      'database_backup_seconds',
      'gauge',
      'When the newest good copy was made, Unix seconds',
      one(backup.atMs === undefined ? undefined : backup.atMs / 1000),
    ),
  ];
}

function storageMetrics({ storage, cameras }: BoxStatus): string[] {
  const of = (read: (stream: (typeof storage.streams)[number]) => number | undefined): Sample[] =>
    cameras.flatMap((camera) => {
      const stream = storage.streams.find(({ streamId }) => streamId === camera.streamId);
      return stream ? [[labelsOf(camera), read(stream)] satisfies Sample] : [];
    });
  return [
    ...metric('storage_usable', 'gauge', '1 while recordings can be written', one(Number(!storage.problem))),
    ...metric('storage_held_bytes', 'gauge', 'Bytes of segments that are held', one(storage.heldBytes)),
    ...metric('storage_budget_bytes', 'gauge', 'Most that segments may take', one(storage.budgetBytes)),
    ...metric('storage_days', 'gauge', 'How far back recordings will reach', one(storage.days)),
    ...metric(
      'camera_storage_bytes',
      'gauge',
      'Bytes of segments kept',
      of(({ bytes }) => bytes),
    ),
    ...metric(
      'camera_storage_days',
      'gauge',
      'How far back recordings will reach',
      of(({ days }) => days),
    ),
    ...metric(
      'camera_written_today_bytes',
      'gauge',
      'Bytes recorded this UTC day',
      of((stream) => stream.writtenToday),
    ),
    ...metric('written_today_bytes', 'gauge', 'Bytes written beside recordings', one(storage.otherWrittenToday)),
  ];
}

function tellingMetrics({ telling }: BoxStatus): string[] {
  if (!telling) return [];
  const { tellers, told, dropped, waiting } = telling;
  const failed = tellers.map((teller): Sample => [{ teller: teller.name }, teller.failed]);
  return [
    ...metric('telling_waiting', 'gauge', 'Scenes and alerts that wait to be told', one(waiting)),
    ...metric('telling_told_total', 'counter', 'Scenes and alerts told by an instruction', one(told)),
    ...metric('telling_dropped_total', 'counter', 'Those that nobody had time for', one(dropped)),
    ...metric('telling_failed_total', 'counter', 'Answers that failed', failed),
  ];
}

function hearingMetrics({ listening, transcriber, summaries, cameras }: BoxStatus): string[] {
  const packs = Object.entries(listening);
  const nameOf = new Map(cameras.map((camera) => [camera.streamId, labelsOf(camera)]));
  const streams = Object.entries(transcriber.perStream);
  const perStream = (read: (stream: (typeof streams)[number][1]) => number) =>
    streams.map(([id, stream]): Sample => [nameOf.get(id) ?? { stream_id: id, name: '' }, read(stream)]);
  return [
    ...metric(
      'listening_ready',
      'gauge',
      '1 while the pack that listens is loaded',
      packs.map(([task, { state }]): Sample => [{ task }, Number(state === 'ready')]),
    ),
    ...metric(
      'listening_restarts_total',
      'counter',
      'Restarts of the process that listens',
      packs.map(([task, { restarts }]): Sample => [{ task }, restarts]),
    ),
    ...metric('speech_lag_seconds', 'gauge', 'Longest wait of unwritten speech', one(transcriber.lagMs / 1000)),
    ...metric('speech_waiting', 'gauge', 'Stretches of speech not yet written down', one(transcriber.waiting)),
    ...metric('speech_spool_bytes', 'gauge', 'Bytes of speech not yet written down', one(transcriber.spoolBytes)),
    ...metric('speech_gaps_total', 'counter', 'Stretches of speech not written down', one(transcriber.gaps)),
    ...metric('speech_transcribed_total', 'counter', 'Stretches of speech written down', one(transcriber.transcribed)),
    ...metric(
      'stream_speech_lag_seconds',
      'gauge',
      'Longest wait of unwritten speech of a camera',
      perStream(({ lagMs }) => lagMs / 1000),
    ),
    ...metric(
      'stream_speech_waiting',
      'gauge',
      'Stretches of speech of a camera not yet written down',
      perStream(({ waiting }) => waiting),
    ),
    ...metric(
      'summaries_total',
      'counter',
      'Summaries asked for',
      summaries.map(({ name, asked }): Sample => [{ writer: name }, asked]),
    ),
    ...metric(
      'summaries_failed_total',
      'counter',
      'Summaries that failed',
      summaries.map(({ name, failed }): Sample => [{ writer: name }, failed]),
    ),
  ];
}

function one(value: number | undefined): Sample[] {
  return [[{}, value]];
}

function degradedOf({ cameras }: BoxStatus): Sample[] {
  const kinds = ['recording', 'looking', 'pictures'] as const;
  return cameras.flatMap((camera) =>
    kinds.map((kind): Sample => {
      const isSo = camera.degraded.some((one) => one.kind === kind);
      return [{ ...labelsOf(camera), kind }, Number(isSo)];
    }),
  );
}

function expiryOf({ certificate }: BoxStatus): Sample[] {
  return certificate ? one(certificate.expiresMs / 1000) : [];
}

function labelsOf({ streamId, name }: Camera): Record<string, string> {
  return { stream_id: streamId, name };
}

function metric(name: string, kind: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string[] {
  const known = samples.filter(([, value]) => value !== undefined);
  if (known.length === 0) return [];
  const full = `watchpost_${name}`;
  return [
    `# HELP ${full} ${help}.`,
    `# TYPE ${full} ${kind}`,
    ...known.map(([labels, value]) => `${full}${labelText(labels)} ${value}`),
  ];
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
