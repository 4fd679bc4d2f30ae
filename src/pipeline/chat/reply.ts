import { z } from 'zod';
import { Fault } from '#runtime';

const MOST_BYTES = 256 * 1024;
/** Each few letters of a stream are an object of their own. */
const MOST_STREAMED_BYTES = 1024 * 1024;
const MOST_COMPLAINT_BYTES = 8 * 1024;
const END = /(?:^|\n)data: ?\[DONE\]/;
const TOO_LARGE =
  /too (?:large|big|long|many tokens|many images)|exceed\w*\b.{0,40}\b(?:context|length|size|tokens?|pixels)|context (?:length|window|size)|\bmax(?:imum)?\b.{0,40}\b(?:size|length|tokens|pixels)/i;

const NO_PICTURES =
  /\b(?:images?|image_url|vision|multimodal)\b.{0,60}\b(?:not|n't|only|unsupported)\b|\bnot support.{0,30}\b(?:images?|vision|multimodal)|\bmmproj\b/i;

const content = z.union([z.string(), z.array(z.object({ text: z.string().optional() }))]);
const completion = z.object({ choices: z.array(z.object({ message: z.object({ content }) })).min(1) });
const piece = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: content.nullish() }).optional(),
      finish_reason: z.string().nullish(),
    }),
  ),
});
const complaint = z.object({ error: z.unknown() });

/**
 * What a chat completion says, whether it comes whole or as a stream. Throws `unavailable` for what isn't one, `too_large`
 * when the server says that it was asked too much at once.
 */
export async function readReply(response: Response): Promise<string> {
  const body = await bodyOf(response);
  return /^\s*(?:data|event|id|retry)?:/.test(body) ? streamed(body) : whole(body);
}

/** Why a server refused, as far as that changes what to do. */
export interface Complaint {
  tooLarge: boolean;
  noStream: boolean;
  /** Instructions have to stand in the question. */
  noSystem: boolean;
  /** The limit of an answer goes by its newer name. */
  newLimit: boolean;
  noPictures: boolean;
}

/** Nothing of what the server wrote is passed on. */
export async function readRefusal(response: Response): Promise<Complaint> {
  const text = await upTo(MOST_COMPLAINT_BYTES, response).then(
    (read) => read.text,
    () => '',
  );
  const says = (what: RegExp) => [400, 422, 500, 501].includes(response.status) && what.test(text);
  return {
    tooLarge: response.status === 413 || says(TOO_LARGE),
    noStream: says(/\bstream(?:s|ing)?\b/i),
    noSystem: says(/\bsystem (?:role|message|prompt)/i),
    newLimit: says(/\bmax_completion_tokens\b/),
    noPictures: says(NO_PICTURES),
  };
}

function whole(body: string): string {
  const value = jsonOf(body);
  const said = completion.safeParse(value).data?.choices[0]?.message.content;
  if (said !== undefined) return textOf(said);
  throw complaintIn(value) ?? new Fault('unavailable', "its answer isn't a chat completion");
}

/** Server-sent events; a stream that ends before it says so was cut off. */
function streamed(body: string): string {
  let text = '';
  let isComplete = END.test(body);
  for (const line of body.split(/\r?\n/)) {
    const value = line.startsWith('data:') ? jsonOf(line.slice(5)) : undefined;
    if (value === undefined) continue;
    const [choice] = piece.safeParse(value).data?.choices ?? [];
    const fault = choice ? undefined : complaintIn(value);
    if (fault) throw fault;
    text += textOf(choice?.delta?.content ?? '');
    isComplete ||= typeof choice?.finish_reason === 'string';
  }
  if (!isComplete) throw new Fault('unavailable', 'its answer was cut off');
  return text;
}

function complaintIn(value: unknown): Fault | undefined {
  const error = complaint.safeParse(value).data?.error;
  if (error === undefined || error === null) return undefined;
  if (TOO_LARGE.test(JSON.stringify(error))) return tooLarge();
  return new Fault('unavailable', 'it answered with an error');
}

export function tooLarge(): Fault {
  return new Fault('too_large', 'it says that it was asked too much at once');
}

function textOf(said: z.output<typeof content>): string {
  return typeof said === 'string' ? said : said.map(({ text = '' }) => text).join('');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function bodyOf(response: Response): Promise<string> {
  const streams = response.headers.get('content-type')?.includes('event-stream') ?? false;
  const { text, isCut } = await upTo(streams ? MOST_STREAMED_BYTES : MOST_BYTES, response, streams);
  if (isCut) throw new Fault('unavailable', 'its answer has no end');
  return text;
}

/** Reads until the end, until it is more than `most` bytes, or to the last event of a stream. */
async function upTo(most: number, response: Response, streams = false): Promise<{ text: string; isCut: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    const seen = Math.max(0, text.length - 16);
    text += decoder.decode(chunk, { stream: true });
    if (bytes > most) return { text, isCut: true };
    if (streams && END.test(text.slice(seen))) break;
  }
  return { text: text + decoder.decode(), isCut: false };
}
