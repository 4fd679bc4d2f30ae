/** What VideoDB's own SDKs have sent, as recorded: each request gets an answer that its SDK can work with. */
import { basename } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ABSENT, sharedFile } from '../e2e/support/shared.ts';
import { answerValidator } from '../support/openapi.ts';
import { type AnswerClass, broken, CONTRACT, missing } from './contract.ts';
import { OWN_REQUESTS } from './own-requests.ts';
import { classify, type Envelope, openSocket, type Received, send } from './replay.ts';
import { callOf, type Recorded, readRecording } from './requests.ts';
import { World } from './world.ts';

const RECORDINGS = ['python-0.4.5', 'node-0.2.0', 'node-0.3.0'];

/** call → class of answer → how often */
const seen = new Map<string, Map<string, number>>();
afterAll(() => {
  const path = (call: string) => call.split(' ')[1] ?? '';
  const rows = [...seen].sort(([a], [b]) => path(a).localeCompare(path(b)));
  const lines = rows.map(([call, classes]) => {
    const answers = [...classes].map(([name, times]) => `${name} ×${times}`);
    return `${call.padEnd(72)} ${answers.join(', ')}`;
  });
  console.log(`\n${lines.join('\n')}\n`);
});

interface Replayed {
  call: string;
  answer: AnswerClass;
  /** What the contract forbids; empty when nothing is. */
  problems: string[];
}

/** `wanted` is the one class of answer that it must have; without, those of the contract's table. */
type Replay = (request: Recorded, wanted?: AnswerClass) => Promise<Replayed>;

/** Answers are also held against the box's own OpenAPI document. */
async function replaying(world: World): Promise<Replay> {
  const { text } = await send(world.host, { method: 'GET', url: '/v1/openapi.json', headers: {}, body: '' });
  const validate = answerValidator(JSON.parse(text) as object);
  return async (request, wanted) => {
    const call = callOf(request);
    const sent = { ...request, url: world.here(request.url), body: world.here(request.body) };
    const received = await send(world.host, sent);
    const problems: string[] = [];
    const answer = await classify(world.host, received, call === 'POST /put/:token').catch((error: Error) => {
      problems.push(error.message);
      return '400' as const;
    });
    if (problems.length === 0) problems.push(...check(call, { answer, wanted }, received, world.host));
    const envelope = received.text.startsWith('{') ? (JSON.parse(received.text) as Envelope) : {};
    const documented = validate(sent.method, `http://box${sent.url}`, received.status, envelope);
    problems.push(...documented.filter((problem) => !problem.includes('is not documented')));
    remember(world, envelope);
    return { call: `${request.call}: ${call}`, answer, problems };
  };
}

/** What the request after this one may refer to. */
function remember(world: World, { data }: Envelope): void {
  if (typeof data !== 'object' || data === null) return;
  if ('upload_url' in data) world.uploadUrl = String(data.upload_url);
  if ('output_url' in data) world.polls(String(data.output_url));
}

function check(
  call: string,
  { answer, wanted }: { answer: AnswerClass; wanted: AnswerClass | undefined },
  { status, text }: Received,
  host: string,
): string[] {
  const promised = CONTRACT[call];
  if (!promised) return ['the table of the contract has no such call'];
  const allowed = wanted ? [wanted] : promised.allowed;
  const problems = allowed.includes(answer)
    ? []
    : [`is answered with ${answer} instead of ${allowed.join(' or ')}: ${status} ${text.slice(0, 300)}`];
  if (answer === 'taken') return problems;
  const { data, message }: Envelope = JSON.parse(text);
  if (answer === 'refused' && promised.refusal?.test(String(message)) === false)
    problems.push(`refuses with ${message}`);
  const reads = answer === 'done' || answer === 'stream' || answer === 'socket' ? promised.reads : [];
  const lacking = missing(data, reads).map((path) => `data lacks ${path}: ${text.slice(0, 300)}`);
  return [...problems, ...(data === undefined ? [] : broken(data, host)), ...lacking];
}

function count(call: string, answer: string): void {
  const classes = seen.get(call) ?? new Map<string, number>();
  seen.set(call, classes.set(answer, (classes.get(answer) ?? 0) + 1));
}

describe.each(RECORDINGS)('the requests of %s', (name) => {
  const file = sharedFile(`reference/golden-requests/${name}.jsonl`);

  it.skipIf(!file)(
    `are all answered as the contract says${file ? '' : ` (${ABSENT})`}`,
    { timeout: 60_000 },
    async () => {
      await using world = await World.open();
      const replay = await replaying(world);
      const requests = readRecording(file ?? '');
      expect(requests.length, basename(file ?? '')).toBeGreaterThan(100);
      const problems: string[] = [];
      for (const request of requests) {
        if (request.method.startsWith('WS')) continue;
        const replayed = await replay(request);
        count(callOf(request), replayed.answer);
        problems.push(...replayed.problems.map((problem) => `${replayed.call}: ${problem}`));
      }
      expect(problems).toEqual([]);
    },
  );

  it.skipIf(!file)(`open a WebSocket that bears what their clients say${file ? '' : ` (${ABSENT})`}`, async () => {
    const said = readRecording(file ?? '').filter(({ method }) => method === 'WSMSG');
    expect(said.length).toBeGreaterThan(0);
    await using world = await World.open();
    const headers = { 'x-access-token': 'sk-right' };
    const asked = await send(world.host, { method: 'GET', url: '/collection/default/websocket', headers, body: '' });
    const { data } = JSON.parse(asked.text) as { data: { websocket_url: string } };
    const socket = await openSocket(data.websocket_url);
    for (const { body } of said) socket.send(body);
    socket.ping();
    await new Promise((resolve, reject) => socket.once('pong', resolve).once('close', reject));
    expect(socket.readyState).toBe(socket.OPEN);
    socket.close();
  });
});

describe('the forms of requests that no recording holds', () => {
  it('are all answered as the contract says', { timeout: 60_000 }, async () => {
    await using world = await World.open();
    const replay = await replaying(world);
    const wrong: string[] = [];
    for (const request of OWN_REQUESTS) {
      const { call, problems } = await replay(request, request.answer);
      wrong.push(...problems.map((problem) => `${call}: ${problem}`));
    }
    expect(wrong).toEqual([]);
  });
});

describe('the check of answers', () => {
  it('finds what clients would stumble over', () => {
    const host = 'box:8080';
    const video = { id: 'm-1', length: 1, stream_url: `http://${host}/a.m3u8`, thumbnail: '', thumbnail_url: '' };
    expect(broken({ videos: [video] }, host)).toEqual([]);
    expect(broken({ videos: null }, host)).toEqual(['data.videos is null']);
    expect(broken({ videos: [{ ...video, length: null }] }, host)).toEqual(['data.videos.0.length is null']);
    expect(broken({ ...video, thumbnail: `http://${host}/b.jpg` }, host)).toEqual([
      'data: thumbnail and thumbnail_url differ',
    ]);
    expect(broken({ ...video, stream_url: '/a.m3u8' }, host)).toEqual([expect.stringContaining('leads to /a.m3u8')]);
    expect(broken({ player_url: `http://${host}/player?v=a` }, host)).toEqual([expect.stringContaining('/watch?v=')]);
    expect(missing({ videos: [video, {}] }, ['videos[].id', 'videos[+].name', 'next'])).toEqual([
      ...['videos[].id', 'videos[+].name', 'next'],
    ]);
    expect(missing({ videos: [video] }, ['videos[+].id', 'videos[].length'])).toEqual([]);
    expect(missing({ videos: [] }, ['videos[].id', 'videos[+].id'])).toEqual(['videos[+].id']);
  });

  it.each([
    [200, '{"success": true, "data": null}'],
    [204, ''],
    [302, '{"success": true, "data": {}}'],
    [404, '{"success": false}'],
    [200, '{"success": true, "status": "processing", "data": {"output_url": "/job"}}'],
  ])('takes %i %s for no answer', async (status, text) => {
    const headers = { 'content-type': 'application/json' };
    await expect(classify('box', { status, headers, text }, false)).rejects.toThrow();
  });
});
