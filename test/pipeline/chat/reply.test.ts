/** Whatever a server sends, in whatever pieces: a text or a clear refusal, never anything else. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fault } from '#runtime';
import { readRefusal, readReply } from '../../../src/pipeline/chat/reply.ts';
import { completion, streamed } from '../summaries/chat-server.ts';

/** A response whose body comes in pieces of these lengths, over and over. */
function inPieces(bytes: Uint8Array, lengths: readonly number[], headers: Record<string, string>): Response {
  let at = 0;
  let turn = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const length = lengths[turn++ % lengths.length] ?? 1;
      controller.enqueue(bytes.subarray(at, at + length));
      at += length;
    },
  });
  return new Response(body, { headers });
}

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };

it('reads the same text whole or as a stream, however it is cut', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }),
      lengths,
      async (bits, cuts) => {
        const bytes = (text: string) => new TextEncoder().encode(text);
        const said = bits.join('');
        expect(await readReply(inPieces(bytes(streamed(bits)), cuts, SSE))).toBe(said);
        expect(await readReply(inPieces(bytes(streamed(bits)), cuts, JSON_TYPE))).toBe(said);
        expect(await readReply(inPieces(bytes(completion(said)), cuts, JSON_TYPE))).toBe(said);
      },
    ),
  ));

it('refuses what is no answer, and says nothing of it', () => {
  const odd = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.json().map((text) => new TextEncoder().encode(`data: ${text}\n\ndata: [DONE]\n\n`)),
  );
  return fc.assert(
    fc.asyncProperty(odd, lengths, fc.constantFrom(SSE, JSON_TYPE), async (bytes, cuts, headers) => {
      const read = await readReply(inPieces(bytes, cuts, headers)).catch((error: unknown) => error);
      expect(typeof read === 'string' || read instanceof Fault).toBe(true);
    }),
  );
});

it('looks no further into a refusal than it must', async () => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 4096;
      controller.enqueue(new Uint8Array(4096).fill(120));
    },
  });
  expect((await readRefusal(new Response(endless, { status: 400 }))).tooLarge).toBe(false);
  expect(sent).toBeLessThan(64 * 1024);
});

it.each([
  ['the request exceeds the available context size', true],
  ['image is too large: 1024x576', true],
  ['input exceeded the limit of 4096 tokens', true],
  ['You exceeded your current quota, please check your plan', false],
  ['too many requests for this key', false],
])('takes "%s" for too much at once: %s', async (message, tooLarge) => {
  const refusal = new Response(JSON.stringify({ error: { message } }), { status: 400, headers: JSON_TYPE });
  expect((await readRefusal(refusal)).tooLarge).toBe(tooLarge);
});
