import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '#runtime';
import { TargetBusy, TargetRefusal } from '#sync';
import { VideoDbTarget } from '../../../src/sync/targets/videodb.ts';
import { aClip, bodyOf, insist, memoryLine, sha256, skippingClock, videoDbConfig } from './fixture.ts';
import { type Cloud, KEY, type Manner, startCloud } from './videodb-cloud.ts';

const ALERTS = 'https://alerts.example/hook';
const signal = new AbortController().signal;

let cloud: Cloud;
let clock: Clock;
let target: VideoDbTarget;

beforeEach(async () => {
  cloud = await startCloud();
  clock = skippingClock();
  target = targetAt();
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
  // Whatever a test is about: nothing was asked in a way that VideoDB's clients don't know.
  if (cloud.violations.length > 0) throw new Error(cloud.violations.join(', '));
});

function targetAt(url = cloud.url, stallMs = 20_000): VideoDbTarget {
  const post = async () => ({ kind: 'delivered' as const });
  const deps = { post, clock, wire: { env: {}, stallMs } };
  return new VideoDbTarget(videoDbConfig({ url, apiKey: KEY }), deps);
}

const says =
  (status: number, body: unknown, headers: Record<string, string> = {}): Manner =>
  (response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
/** Does what it was asked, and the answer is lost. */
const loseAnswer: Manner = async (response, _request, go) => {
  response.end = (() => response.destroy()) as ServerResponse['end']; // Whatever it is given.
  await go();
};
const drop: Manner = (response) => response.destroy();

describe('a clip on its way to VideoDB', () => {
  it('becomes a video that can be told from all others', async () => {
    const bytes = randomBytes(300_000);
    const line = memoryLine();
    await target.send(aClip(bytes), line, signal);
    expect(cloud.steps).toEqual(['collection', 'upload_url', 'file', 'upload']);
    expect(cloud.videos).toEqual([
      expect.objectContaining({
        name: expect.stringMatching(/^Vordertür 12:00 #wp[0-9a-f]{16}$/),
        description: expect.stringMatching(/^A person at the door\n\nwp[0-9a-f]{16}$/),
        sha256: sha256(bytes),
      }),
    ]);
    // What it costs beside the clip itself.
    expect(line.taken / bytes.length).toBeLessThan(1.01);
    await target.send(aClip(bytes, 'c2'), memoryLine(), signal);
    expect(new Set(cloud.videos.map(({ name }) => name)).size).toBe(2);
    expect(cloud.steps.filter((step) => step === 'collection')).toHaveLength(1);
  });

  it('without a picture becomes an audio, one only', async () => {
    const clip = aClip();
    const heard = { ...clip, facts: { ...clip.facts, codecs: 'mp4a.40.2', width: 0, height: 0 } };
    cloud.next('upload', loseAnswer);
    await insist(target, heard);
    expect(cloud.videos.map(({ id }) => id[0])).toEqual(['a']);
    expect(cloud.steps).toContain('audio');
    expect(cloud.steps).not.toContain('video');
  });

  it('is waited for while a job makes a video of it', async () => {
    cloud.polls = 4;
    await target.send(aClip(), memoryLine(), signal);
    expect(cloud.steps.filter((step) => step === 'job')).toHaveLength(4);
    expect(cloud.videos).toHaveLength(1);
  });

  it('is sent again where it was cut off, with an address of its own', async () => {
    cloud.next('file', (response, request) => void request.once('data', () => response.destroy()));
    const failures = await insist(target, aClip());
    expect(failures).toEqual([expect.stringContaining('the connection broke off')]);
    expect(cloud.steps.filter((step) => step === 'upload_url')).toHaveLength(2);
    expect(cloud.videos).toHaveLength(1);
  });

  it('goes to a new address when the old one has expired', async () => {
    cloud.next('file', says(403, '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'));
    expect(await insist(target, aClip())).toEqual([expect.stringContaining('was not taken (403)')]);
    expect(cloud.videos).toHaveLength(1);
  });

  it('is offered again, and sent anew now and then, while VideoDB has no use for its file', async () => {
    const no = says(200, { success: false, message: 'out of credits' });
    const line = memoryLine();
    let refusals = 0;
    const refusedFor = async (ms: number) => {
      for (const untilMs = clock.nowMs() + ms; clock.nowMs() < untilMs; refusals += 1) {
        cloud.next('upload', no);
        await expect(target.send(aClip(), line, signal)).rejects.toThrow('says no (200): out of credits');
        await clock.sleep(60_000, signal); // A pause of the box.
      }
    };
    const files = () => cloud.steps.filter((step) => step === 'file').length;
    await refusedFor(900_000);
    expect(files()).toBe(1);
    await refusedFor(7_200_000);
    expect(refusals).toBeGreaterThan(100);
    expect(files()).toBeLessThan(5);
    await target.send(aClip(), line, signal);
    expect(cloud.videos).toHaveLength(1);
  });

  it('is cut off where nobody reads it, or nobody answers', async () => {
    await using hasty = targetAt(cloud.url, 1000);
    const big = { ...aClip(), body: bodyOf('video/mp4', Buffer.alloc(32 * 2 ** 20)) };
    cloud.next('file', (_response, request) => void request.pause());
    await expect(hasty.send(big, memoryLine(), signal)).rejects.toThrow('nothing came back for 1 s');
    cloud.next('upload_url', (response) => {
      const drip = setInterval(() => response.write(' '), 50);
      response.once('close', () => clearInterval(drip));
    });
    await expect(hasty.send(aClip(), memoryLine(), signal)).rejects.toThrow('nothing came back for 1 s');
  });

  const failures: [string, Manner, string][] = [
    ['401', says(401, { success: false, message: `no key ${KEY}` }), 'sync.targets.cloud.apiKey: VideoDB doesn'],
    ['403', says(403, { success: false, message: `not ${KEY}` }), 'says no (403): not ***'],
    ['429', says(429, { success: false, message: 'slow down' }, { 'retry-after': '7' }), 'too much to do (429)'],
    ['500', says(500, { success: false, message: 'oops' }), 'the answer of 127.0.0.1'],
    ['502', says(502, '<html>'), 'and not VideoDB’s'],
    ['no JSON', says(200, '<html>welcome to the hotel</html>'), 'and not VideoDB’s'],
    ['success: false', says(200, { success: false, message: 'out of credits' }), 'says no (200): out of credits'],
    ['no address', says(200, { success: true, data: {} }), 'has no address as upload_url'],
    ['a redirect', says(302, '', { location: 'https://elsewhere.example/' }), 'redirects to elsewhere.example (302)'],
    ['nothing', drop, 'the connection broke off'],
  ];
  it.each(failures)(
    'says what is wrong when it is answered %s, and is sent when that is over',
    async (_what, manner, message) => {
      cloud.next('upload_url', manner, manner);
      const said = await insist(target, aClip());
      expect(said).toEqual([expect.stringContaining(message), expect.stringContaining(message)]);
      expect(said.join()).not.toContain(KEY);
      expect(cloud.videos).toHaveLength(1);
    },
  );

  it('says when a busy server wants it again', async () => {
    cloud.next('upload_url', says(429, {}, { 'retry-after': '7' }));
    const sent = target.send(aClip(), memoryLine(), signal);
    await expect(sent).rejects.toThrow(TargetBusy);
    await expect(sent).rejects.toMatchObject({ pauseMs: 7000 });
  });

  it.each(['file', 'upload'] as const)('is given up when it is too large for %s', async (step) => {
    cloud.next(step, says(413, ''));
    await expect(target.send(aClip(), memoryLine(), signal)).rejects.toThrow(TargetRefusal);
  });

  it('names the collection that is not there', async () => {
    cloud.next('collection', says(404, { success: false, message: 'not found' }));
    await expect(target.send(aClip(), memoryLine(), signal)).rejects.toThrow(
      'sync.targets.cloud.collectionId: VideoDB has no collection "default" for this key (404)',
    );
  });
});

describe('a clip whose answer was lost', () => {
  it('is not asked for again when the collection has it', async () => {
    const line = memoryLine();
    cloud.next('upload', loseAnswer);
    await expect(target.send(aClip(), line, signal)).rejects.toThrow('broke off');
    await target[Symbol.asyncDispose]();
    target = targetAt(); // The box was started again.
    await target.send(aClip(), line, signal);
    expect(cloud.steps.filter((step) => step === 'file' || step === 'upload')).toEqual(['file', 'upload']);
    expect(cloud.videos).toHaveLength(1);
  });

  it('is found by its name where descriptions are not kept, also behind a thousand others', async () => {
    cloud.describes = false;
    for (let n = 0; n < 1000; n += 1) {
      cloud.videos.push({ id: `m-o${n}`, collection_id: 'c-0f3a', name: `other ${n}`, sha256: '' });
    }
    cloud.next('upload', loseAnswer);
    await insist(target, aClip());
    expect(cloud.videos).toHaveLength(1001);
  });

  it('is looked for until it is sure that nothing comes of it, and then asked for with the same file', async () => {
    cloud.next('upload', drop);
    await insist(target, aClip());
    expect(cloud.steps.filter((step) => step === 'video').length).toBeGreaterThan(5);
    expect(cloud.steps.filter((step) => step === 'file')).toHaveLength(1);
    expect(cloud.videos).toHaveLength(1);
  });

  it('goes on asking the same job', async () => {
    cloud.polls = 3;
    cloud.next('job', drop);
    await insist(target, aClip());
    expect(cloud.steps.filter((step) => step === 'upload')).toHaveLength(1);
    expect(cloud.videos).toHaveLength(1);
  });

  it('is asked for anew when its job has failed, and not when the job is only forgotten', async () => {
    cloud.polls = 1;
    cloud.next('job', says(200, { success: false, status: 'failed', message: 'unreadable' }));
    const once = memoryLine();
    await expect(target.send(aClip(), once, signal)).rejects.toThrow('says no (200): unreadable');
    cloud.next('job', says(404, { success: false, message: 'no such job' }));
    await expect(target.send(aClip(), once, signal)).rejects.toThrow('says no (404)');
    await target.send(aClip(), once, signal);
    expect(cloud.steps.filter((step) => step === 'file')).toHaveLength(1);
    expect(cloud.videos).toHaveLength(1);

    const twice = memoryLine();
    cloud.next('job', loseAnswer, says(404, { success: false, message: 'no such job' }));
    expect(await insist(target, aClip(randomBytes(10), 'c2'), { line: twice })).toHaveLength(1);
    expect(cloud.videos).toHaveLength(2);
  });
});

/** Does what it was asked, and says that it didn't. */
const deny =
  (status: number): Manner =>
  async (response, _request, go) => {
    const [writeHead, end] = [response.writeHead.bind(response), response.end.bind(response)];
    response.writeHead = () => response;
    response.end = (() => {
      writeHead(status);
      return end();
    }) as ServerResponse['end']; // Whatever it is given.
    await go();
  };

describe('what ends up at VideoDB', () => {
  const ways: Record<string, Manner> = {
    drop,
    'lose answer': loseAnswer,
    '500': says(500, 'oops'),
    '429': says(429, '', { 'retry-after': '1' }),
    '503': says(503, '', { 'retry-after': '1' }),
    hotel: says(200, '<html>'),
    no: says(200, { success: false, message: 'no' }),
    gone: says(404, { success: false, message: 'gone' }),
  };
  const steps = ['collection', 'upload_url', 'file', 'upload', 'job', 'video'] as const;
  const trouble = fc.tuple(fc.constantFrom(...steps), fc.constantFrom(...Object.keys(ways)), fc.boolean());

  it('is each clip once, whatever breaks, and however often the box is started again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(trouble, { maxLength: 12 }), fc.nat(3), async (troubles, polls) => {
        await using there = await startCloud();
        there.polls = polls;
        for (const [step, way] of troubles) there.next(step, ways[way] ?? drop);
        const line = memoryLine();
        const bytes = randomBytes(5000);
        let box = targetAt(there.url);
        for (let tries = 0; ; tries += 1) {
          const sent = await box.send(aClip(bytes), line, signal).then(
            () => true,
            () => false,
          );
          if (sent) break;
          expect(tries).toBeLessThan(40);
          await clock.sleep(300_000, signal);
          if (!troubles[tries]?.[2]) continue;
          await box[Symbol.asyncDispose]();
          box = targetAt(there.url);
        }
        await box[Symbol.asyncDispose]();
        expect(there.videos.map((video) => video.sha256)).toEqual([sha256(bytes)]);
        expect(there.violations).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('is a clip once, also where VideoDB says that it is too busy and does it', async () => {
    cloud.next('upload', deny(503));
    expect(await insist(target, aClip())).toEqual([expect.stringContaining('is 503')]);
    expect(cloud.videos).toHaveLength(1);
  });
});

describe('an alert on its way to VideoDB', () => {
  const parcel = {
    ...aClip(),
    kind: 'alert',
    key: 'box-1/alert/fire-1/verdict',
    facts: { payload: { label: 'door' } },
  };
  const alert = parcel as unknown as Parameters<VideoDbTarget['send']>[0]; // So much of it is looked at.

  function posting(answer: { kind: 'delivered' | 'refused' | 'away'; reason?: string; pauseMs?: number }) {
    const posts: unknown[] = [];
    const post = async (url: string, payload: unknown, id: string) => {
      posts.push([url, payload, id]);
      return answer;
    };
    return { posts, target: new VideoDbTarget(videoDbConfig({ url: cloud.url, alertUrl: ALERTS }), { post }) };
  }

  it('is posted as its webhook would be', async () => {
    const { posts, target: own } = posting({ kind: 'delivered' });
    await own.send(alert, memoryLine(), signal);
    expect(posts).toEqual([[ALERTS, { label: 'door' }, 'fire-1-verdict']]);
    expect([own.takes, target.takes]).toEqual([['alert', 'clip'], ['clip']]);
  });

  it('is never given up', async () => {
    const send = (answer: Parameters<typeof posting>[0]) => posting(answer).target.send(alert, memoryLine(), signal);
    const refused = send({ kind: 'refused', reason: 'the receiver answered 400' });
    await expect(refused).rejects.toThrow('sync.targets.cloud.alertUrl: the receiver answered 400');
    await expect(refused).rejects.not.toThrow(TargetRefusal);
    await expect(send({ kind: 'away', reason: 'busy', pauseMs: 5 })).rejects.toMatchObject({ pauseMs: 5 });
  });
});
