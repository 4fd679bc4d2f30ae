import { Hono } from 'hono';
import { z } from 'zod';
import { Fault } from '#runtime';
import { routePath } from './address.ts';
import { armingRoutes } from './alerts/arming.ts';
import { callbackRoutes } from './alerts/callbacks.ts';
import { deliveryRoutes } from './alerts/deliveries.ts';
import { alertRoutes, eventRoutes } from './alerts/events.ts';
import { evidencePictureRoutes, evidenceRoutes } from './alerts/evidence.ts';
import { feedbackRoutes } from './alerts/feedback.ts';
import { groupRoutes } from './alerts/groups.ts';
import { momentRoutes } from './alerts/moments.ts';
import { rehearsalRoutes } from './alerts/rehearse.ts';
import { requireKey } from './auth.ts';
import { liveRoutes } from './box/live.ts';
import { ownRoutes } from './box/own.ts';
import { statusRoutes } from './box/status.ts';
import { collectionRoutes } from './collections.ts';
import { audited, auditRoutes } from './control/audit.ts';
import { cameraRoutes } from './control/cameras.ts';
import { configRoutes } from './control/config.ts';
import { controlRoutes } from './control/control.ts';
import { keyRoutes } from './control/keys.ts';
import { packRoutes } from './control/packs.ts';
import { probeRoutes } from './control/probe.ts';
import { supportRoutes } from './control/support.ts';
import { syncRoutes } from './control/sync.ts';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { failure } from './envelope.ts';
import { boxCommandRoutes } from './fleet/box-commands.ts';
import { boxRoutes } from './fleet/boxes.ts';
import { edgeRoutes } from './fleet/edge.ts';
import { backfillRoutes } from './indexes/backfill.ts';
import { indexRoutes } from './indexes/indexes.ts';
import { websocketNote, websocketRoutes } from './live/websocket.ts';
import { notHereRoutes } from './not-here.ts';
import { openapiRoutes } from './openapi.ts';
import { pageRoutes } from './page.ts';
import { pageSessionRoutes } from './page-sessions.ts';
import { hlsRoutes } from './playing/hls.ts';
import { holdRoutes } from './playing/holds.ts';
import { lowLatencyRoutes } from './playing/low-latency.ts';
import { playbackRoutes, watchRoutes } from './playing/media.ts';
import { timelapseRoutes } from './playing/timelapse.ts';
import { Api } from './route.ts';
import { searchRoutes } from './searching/search.ts';
import { captureRoutes } from './streams/capture.ts';
import { captureRecorderRoutes } from './streams/capture-recorder.ts';
import { exportRoutes } from './streams/export.ts';
import { liveViewRoutes } from './streams/live-views.ts';
import { pictureRoutes } from './streams/pictures.ts';
import { recordingRoutes } from './streams/recording.ts';
import { streamRoutes } from './streams/streams.ts';
import { timelineRoutes } from './streams/timeline.ts';
import { tokenRoutes } from './streams/tokens.ts';
import { transcriptFileRoutes } from './streams/transcript-files.ts';
import { transcriptionRoutes } from './streams/transcription.ts';
import { cutRoutes } from './videos/cuts.ts';
import { downloadFileRoutes, downloadRoutes } from './videos/downloads.ts';
import { editorRoutes } from './videos/editor.ts';
import { generatedTextRoutes } from './videos/generated-text.ts';
import { jobListRoutes } from './videos/job-list.ts';
import { jobRoutes } from './videos/jobs.ts';
import { audioRoutes, imageRoutes } from './videos/media-assets.ts';
import { namedIndexRoutes } from './videos/named-indexes.ts';
import { reframeRoutes } from './videos/reframe.ts';
import { sceneCollectionRoutes } from './videos/scene-collections.ts';
import { transcodeRoutes } from './videos/transcode.ts';
import { uploadRoutes, uploadTargetRoutes } from './videos/uploads.ts';
import { videoClipRoutes } from './videos/video-clip.ts';
import { videoIndexRoutes } from './videos/video-indexes.ts';
import { videoQuestionRoutes } from './videos/video-questions.ts';
import { videoSearchRoutes } from './videos/video-search.ts';
import { videoTranscriptionRoutes } from './videos/video-transcription.ts';
import { videoWorkflowRoutes } from './videos/video-workflows.ts';
import { videoRoutes } from './videos/videos.ts';

export type HttpApp = Routes;

/** Those that need no API key, or another proof. */
const OPEN = [
  pageRoutes,
  pageSessionRoutes,
  hlsRoutes,
  downloadFileRoutes,
  watchRoutes,
  healthRoutes,
  pictureRoutes,
  momentRoutes,
  evidencePictureRoutes,
  uploadTargetRoutes,
  websocketNote,
] as const;

/** Those that need an API key. */
const CLOSED: readonly ((deps: HttpDeps) => Api | Routes)[] = [
  collectionRoutes,
  websocketRoutes,
  tokenRoutes,
  captureRoutes,
  captureRecorderRoutes,
  eventRoutes,
  rehearsalRoutes,
  searchRoutes,
  playbackRoutes,
  alertRoutes,
  evidenceRoutes,
  feedbackRoutes,
  armingRoutes,
  groupRoutes,
  jobRoutes,
  jobListRoutes,
  videoRoutes,
  videoTranscriptionRoutes,
  videoIndexRoutes,
  sceneCollectionRoutes,
  namedIndexRoutes,
  videoSearchRoutes,
  videoQuestionRoutes,
  videoClipRoutes,
  videoWorkflowRoutes,
  reframeRoutes,
  transcodeRoutes,
  generatedTextRoutes,
  downloadRoutes,
  cutRoutes,
  editorRoutes,
  exportRoutes,
  timelapseRoutes,
  lowLatencyRoutes,
  uploadRoutes,
  audioRoutes,
  imageRoutes,
  transcriptionRoutes,
  transcriptFileRoutes,
  indexRoutes,
  backfillRoutes,
  streamRoutes,
  recordingRoutes,
  holdRoutes,
  deliveryRoutes,
  callbackRoutes,
  statusRoutes,
  configRoutes,
  cameraRoutes,
  probeRoutes,
  ownRoutes,
  timelineRoutes,
  liveRoutes,
  edgeRoutes,
  boxRoutes,
  boxCommandRoutes,
  controlRoutes,
  syncRoutes,
  packRoutes,
  supportRoutes,
  keyRoutes,
  auditRoutes,
  liveViewRoutes,
  notHereRoutes,
];

/** All routes; what is registered before `requireKey` is open. Listens nowhere yet. */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const app = new Hono<HttpEnv>({ getPath: routePath });
  app.onError((error, c) => failure(c, error, deps.log));
  app.notFound((c) => failure(c, noRoute(c.req), deps.log));
  app.use(async (c, next) => {
    await next();
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
  });

  const open = OPEN.map((group) => group(deps));
  const closed = CLOSED.map((group) => group(deps));
  const documented = [...closed, ...open].flatMap((group) => (group instanceof Api ? group.documented : []));

  for (const group of [...open, openapiRoutes(documented, deps)]) app.route('/', honoOf(group));
  app.use(requireKey(deps), audited(deps));
  for (const group of closed) app.route('/', honoOf(group));
  return app;
}

function honoOf(group: Api | Routes): Routes {
  return group instanceof Api ? group.hono : group;
}

function noRoute({ method, path }: { method: string; path: string }): Fault {
  return new Fault(
    'not_found',
    `this version has no route ${method} ${path.slice(0, 200)}; /v1/docs shows what it has`,
  );
}

function healthRoutes({ store, version }: HttpDeps): Api {
  const api = new Api('The box', { open: true });
  const answer = z.object({ status: z.string(), version: z.string(), uptime_s: z.number() });
  api.get('/v1/health', { summary: '200 while the box works', answer }, () => {
    store.journal.head(); // Throws when the database can't be read.
    return { status: 'ok', version, uptime_s: Math.round(process.uptime()) };
  });
  return api;
}
