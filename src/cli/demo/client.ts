import { z } from 'zod';
import { Fault } from '#runtime';

const scene = z.object({ id: z.number(), start: z.number(), end: z.number(), text: z.string() });
const status = z.object({
  cameras: z.array(
    z.object({
      stream_id: z.string(),
      phase: z.string(),
      since_ms: z.number(),
      last_error: z.string().optional(),
      segments_written: z.number(),
      last_segment_end_ms: z.number().optional(),
      fps_seen: z.number(),
    }),
  ),
  inference: z.object({ state: z.string(), pack: z.string().optional() }),
});
export type SceneView = z.output<typeof scene>;
export type StatusView = z.output<typeof status>;
export type LiveEvent = { kind: 'scene'; scene: SceneView } | { kind: 'status'; status: StatusView };

const scenes = z.object({ scenes: z.array(scene) });
const search = z.object({ results: z.array(z.unknown()) });
const playback = z.object({ stream_url: z.string() });

/** The demo's view of the appliance: only what any other client could see over HTTP. */
export class ApplianceClient {
  #origin: string;
  #headers: Record<string, string>;

  constructor(origin: string, key: string) {
    this.#origin = origin;
    this.#headers = { 'x-access-token': key };
  }

  async scenes(): Promise<SceneView[]> {
    return (await this.#get('/v1/scenes?limit=500', scenes)).scenes;
  }

  async searchHits(query: string): Promise<number> {
    return (await this.#get(`/v1/search?q=${encodeURIComponent(query)}`, search)).results.length;
  }

  /** Address of the playlist of a stretch of Unix milliseconds. */
  async playlist(streamId: string, startMs: number, endMs: number): Promise<string> {
    const range = `start=${startMs / 1000}&end=${endMs / 1000}`;
    return (await this.#get(`/rtstream/${streamId}/stream?${range}`, playback)).stream_url;
  }

  /** Scenes as they are stored or grow, and the status every two seconds, until `signal` aborts (then it throws). */
  async *live(signal: AbortSignal): AsyncGenerator<LiveEvent, void> {
    const response = await fetch(`${this.#origin}/v1/live`, { headers: this.#headers, signal });
    if (!response.ok || !response.body) throw new Fault('internal', `GET /v1/live answered ${response.status}`);
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event) yield event;
      }
    }
  }

  async #get<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    const response = await fetch(this.#origin + path, { headers: this.#headers });
    if (!response.ok) throw new Fault('internal', `GET ${path} answered ${response.status}: ${await response.text()}`);
    const { data } = z.object({ data: z.unknown() }).parse(await response.json());
    return schema.parse(data);
  }
}

function parseEvent(block: string): LiveEvent | undefined {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1] ?? '';
  const kind = field('event');
  if (kind === 'scene') return { kind, scene: scene.parse(JSON.parse(field('data'))) };
  if (kind === 'status') return { kind, status: status.parse(JSON.parse(field('data'))) };
  return undefined;
}
