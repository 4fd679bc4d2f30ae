import { Hono } from 'hono';
import { z } from 'zod';
import { Fault } from '#runtime';
import { routePath } from './address.ts';
import { armingRoutes } from './arming.ts';
import { audited, auditRoutes } from './audit.ts';
import { requireKey } from './auth.ts';
import { backfillRoutes } from './backfill.ts';
import { boxCommandRoutes } from './box-commands.ts';
import { boxRoutes } from './boxes.ts';
import { callbackRoutes } from './callbacks.ts';
import { cameraRoutes } from './cameras.ts';
import { captureRoutes } from './capture.ts';
import { captureRecorderRoutes } from './capture-recorder.ts';
import { collectionRoutes } from './collections.ts';
import { configRoutes } from './config.ts';
import { controlRoutes } from './control.ts';
import { cutRoutes } from './cuts.ts';
import { deliveryRoutes } from './deliveries.ts';
import type { HttpDeps, HttpEnv, Routes } from './deps.ts';
import { downloadFileRoutes, downloadRoutes } from './downloads.ts';
import { edgeRoutes } from './edge.ts';
import { editorRoutes } from './editor.ts';
import { failure } from './envelope.ts';
import { alertRoutes, eventRoutes } from './events.ts';
import { evidencePictureRoutes, evidenceRoutes } from './evidence.ts';
import { exportRoutes } from './export.ts';
import { feedbackRoutes } from './feedback.ts';
import { generatedTextRoutes } from './generated-text.ts';
import { groupRoutes } from './groups.ts';
import { hlsRoutes } from './hls.ts';
import { holdRoutes } from './holds.ts';
import { indexRoutes } from './indexes.ts';
import { jobListRoutes } from './job-list.ts';
import { jobRoutes } from './jobs.ts';
import { keyRoutes } from './keys.ts';
import { liveRoutes } from './live.ts';
import { liveViewRoutes } from './live-views.ts';
import { playbackRoutes, watchRoutes } from './media.ts';
import { audioRoutes, imageRoutes } from './media-assets.ts';
import { momentRoutes } from './moments.ts';
import { namedIndexRoutes } from './named-indexes.ts';
import { notHereRoutes } from './not-here.ts';
import { openapiRoutes } from './openapi.ts';
import { ownRoutes } from './own.ts';
import { packRoutes } from './packs.ts';
import { pageRoutes } from './page.ts';
import { pageSessionRoutes } from './page-sessions.ts';
import { pictureRoutes } from './pictures.ts';
import { probeRoutes } from './probe.ts';
import { recordingRoutes } from './recording.ts';
import { reframeRoutes } from './reframe.ts';
import { rehearsalRoutes } from './rehearse.ts';
import { Api } from './route.ts';
import { sceneCollectionRoutes } from './scene-collections.ts';
import { searchRoutes } from './search.ts';
import { statusRoutes } from './status.ts';
import { streamRoutes } from './streams.ts';
import { supportRoutes } from './support.ts';
import { syncRoutes } from './sync.ts';
import { timelapseRoutes } from './timelapse.ts';
import { timelineRoutes } from './timeline.ts';
import { tokenRoutes } from './tokens.ts';
import { transcodeRoutes } from './transcode.ts';
import { transcriptFileRoutes } from './transcript-files.ts';
import { transcriptionRoutes } from './transcription.ts';
import { uploadRoutes, uploadTargetRoutes } from './uploads.ts';
import { videoClipRoutes } from './video-clip.ts';
import { videoIndexRoutes } from './video-indexes.ts';
import { videoQuestionRoutes } from './video-questions.ts';
import { videoSearchRoutes } from './video-search.ts';
import { videoTranscriptionRoutes } from './video-transcription.ts';
import { videoWorkflowRoutes } from './video-workflows.ts';
import { videoRoutes } from './videos.ts';
import { websocketNote, websocketRoutes } from './websocket.ts';

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
