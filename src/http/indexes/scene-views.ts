import { z } from 'zod';
import { verdictView } from '#delivery';
import type { Firing, Scene, SceneFacts } from '#domain';
import type { HttpDeps } from '../deps.ts';

const metadataAnswer = z.record(z.string(), z.unknown());

export const recordAnswer = z
  .object({
    start: z.number().describe('Unix seconds'),
    end: z.number().describe('Unix seconds'),
    text: z.string(),
    description: z.string(),
    scene_id: z.number(),
    metadata: metadataAnswer,
    thumbnail_url: z.string().optional(),
  })
  .meta({ id: 'SceneRecord' });

/** A scene as VideoDB's records and search results show it; labels are values there, as its Node SDK rewrites keys. */
export function recordView(
  scene: Scene,
  { links }: Pick<HttpDeps, 'links'>,
  origin: string,
): z.input<typeof recordAnswer> {
  return {
    start: scene.startMs / 1000,
    end: scene.endMs / 1000,
    text: scene.text,
    description: scene.text,
    scene_id: scene.id,
    metadata: scene.facts ? metadata(scene.facts) : heard(scene),
    ...(scene.thumbPath ? { thumbnail_url: origin + links.thumbPath(scene.id) } : {}),
  };
}

function metadata(facts: SceneFacts): Record<string, unknown> {
  const counts = Object.entries(facts.counts).map(([label, count]) => ({ label, count }));
  return { ...snakeFacts(facts), counts };
}

/** The prompt's own JSON keeps its keys as the prompt has them. */
function snakeFacts({ answer, ...facts }: SceneFacts): Record<string, unknown> {
  if (!answer) return snake(facts);
  const { json, reason, by } = answer;
  return { ...snake(facts), json, json_by: by, ...(reason === undefined ? {} : { json_reason: reason }) };
}

/** Of a sound that an audio index tells of, nothing but the sound is known; of a summary, who made it of what. */
function heard({ sound, said }: Scene): Record<string, unknown> {
  if (sound) return { sound: snake(sound) };
  return said ? { summary: said.summary, said: said.text } : {};
}

type Names = Pick<HttpDeps, 'store' | 'links'>;

const streamNames = {
  stream_id: z.string(),
  stream_name: z.string(),
  box: z
    .object({ id: z.string(), name: z.string() })
    .optional()
    .describe('The box that sends it; absent where it is this one'),
};

function streamNamesOf(id: string, { streams, boxes }: Names['store']): z.input<z.ZodObject<typeof streamNames>> {
  const stream = streams.get(id);
  const named = { stream_id: id, stream_name: stream?.name ?? '' };
  const { boxId } = stream ?? {};
  return boxId === undefined ? named : { ...named, box: { id: boxId, name: boxes.nameOf(boxId) ?? '' } };
}

export const sceneAnswer = z
  .object({
    id: z.number(),
    ...streamNames,
    index_id: z.string(),
    start: z.number().describe('Unix seconds'),
    end: z.number().describe('Unix seconds'),
    text: z.string(),
    /** What was measured; absent for what was said. */
    facts: metadataAnswer.optional(),
    thumbnail_url: z.string().optional(),
  })
  .meta({ id: 'Scene' });

/** A scene as our own routes show it. */
export function sceneView(scene: Scene, { store, links }: Names): z.input<typeof sceneAnswer> {
  return {
    id: scene.id,
    ...streamNamesOf(scene.streamId, store),
    index_id: scene.indexId,
    start: scene.startMs / 1000,
    end: scene.endMs / 1000,
    text: scene.text,
    ...(scene.facts ? { facts: snakeFacts(scene.facts) } : scene.sound || scene.said ? { facts: heard(scene) } : {}),
    ...(scene.thumbPath ? { thumbnail_url: links.thumbPath(scene.id) } : {}),
  };
}

export const verdictAnswer = z
  .object({
    confirmed: z.boolean().nullable().describe('Null when the answer does not tell'),
    text: z.string(),
    by: z.string().describe('The pack or the model of the server'),
    timestamp: z.string(),
  })
  .meta({ id: 'Verdict' });

export const firingAnswer = z
  .object({
    id: z.string(),
    alert_id: z.string(),
    event_id: z.string(),
    label: z.string(),
    ...streamNames,
    index_id: z.string(),
    scene_id: z.number().optional().describe('Absent when it fired for something said'),
    start: z.number(),
    end: z.number(),
    timestamp: z.string(),
    confidence: z.number(),
    explanation: z.string(),
    threshold: z.number().optional().describe('How sure it had to be; absent: no threshold was set'),
    thumbnail_url: z.string().optional(),
    picture_url: z.string().optional().describe('The same with what it fired for drawn in'),
    feedback: z
      .object({ verdict: z.enum(['right', 'wrong']), note: z.string().optional(), timestamp: z.string() })
      .optional()
      .describe('What somebody has said of it'),
    verdict: verdictAnswer
      .optional()
      .describe('What a model that follows instructions said when it looked at the alert again'),
  })
  .meta({ id: 'FiredAlert' });

/** A firing as our own routes show it. */
export function firingView(firing: Firing, { store, links }: Names): z.input<typeof firingAnswer> {
  return {
    id: firing.id,
    alert_id: firing.alertId,
    event_id: firing.eventId,
    label: firing.label,
    ...streamNamesOf(firing.streamId, store),
    index_id: firing.indexId,
    ...(firing.sceneId === undefined ? {} : { scene_id: firing.sceneId }),
    start: firing.startMs / 1000,
    end: firing.endMs / 1000,
    timestamp: new Date(firing.atMs).toISOString(),
    confidence: firing.confidence,
    explanation: firing.explanation,
    ...(firing.evidence.threshold === undefined ? {} : { threshold: firing.evidence.threshold }),
    ...picturesOf(firing, { store, links }),
    ...feedbackOf(firing, store),
    ...(firing.verdict ? { verdict: verdictView(firing.verdict) } : {}),
  };
}

function picturesOf(
  { id, sceneId }: Firing,
  { store, links }: Names,
): { thumbnail_url?: string; picture_url?: string } {
  const shown = sceneId !== undefined && store.scenes.get(sceneId)?.thumbPath !== undefined;
  return shown ? { thumbnail_url: links.thumbPath(sceneId), picture_url: links.evidencePath(id) } : {};
}

function feedbackOf({ id }: Firing, { marks }: Names['store']): Pick<z.input<typeof firingAnswer>, 'feedback'> {
  const mark = marks.get(id);
  if (!mark) return {};
  const { verdict, note, atMs } = mark;
  return { feedback: { verdict, ...(note === undefined ? {} : { note }), timestamp: new Date(atMs).toISOString() } };
}

/** The same value with snake_case keys, all the way down. Keys with other characters (labels) stay as they are. */
export function snake(value: object): Record<string, unknown>;
export function snake(value: unknown): unknown;
export function snake(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((member: unknown) => snake(member));
  if (typeof value !== 'object' || value === null) return value;
  const renamed: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) renamed[snakeKey(key)] = snake(member);
  return renamed;
}

/** Looks before it replaces, as most keys stay: pages of scenes have thousands of them. */
function snakeKey(key: string): string {
  return /[A-Z]/.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
}
