/** Captions under signed links, and as files: who may read them, and which playlist a link stands for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addStream, addVideo, type Box, openBox, record, T0 } from './box.ts';

let box: Box;
let streamId: string;
beforeEach(async () => {
  box = await openBox();
  streamId = addStream(box.store).id;
});
afterEach(() => box[Symbol.asyncDispose]());

const get = (path: string, headers = {}) => box.app.request(`http://box.local${path}`, { headers });
const textOf = async (path: string) => (await get(path)).text();
const manifest = (fromS: number, toS: number, id = streamId) =>
  box.deps.links.manifestPath(id, T0 + fromS * 1000, T0 + toS * 1000);

function say(atS: number, text = 'hello there', ofStream = streamId): void {
  const startMs = T0 + atS * 1000;
  const words = text
    .split(' ')
    .map((word, i) => ({ text: word, startMs: startMs + i * 500, endMs: startMs + i * 500 + 500 }));
  const endMs = words.at(-1)?.endMs ?? startMs;
  box.store.transcripts.add({ streamId: ofStream, startMs, endMs, text, words, language: 'en' });
}

/** Follows the playlists of a link; each path is absolute. */
async function follow(link: string) {
  const master = (await textOf(link)).split('\n');
  const at = (path = '', base = link) => new URL(path, `http://box.local${base}`).pathname;
  const words = at(/URI="([^"]*)"/.exec(master.find((line) => line.startsWith('#EXT-X-MEDIA')) ?? '')?.[1]);
  const media = at(master.find((line) => line !== '' && !line.startsWith('#')));
  const list = async (path: string) => (await textOf(path)).split('\n');
  const files = (await list(words)).filter((line) => line.endsWith('.vtt')).map((file) => at(file, words));
  return { master, words: await list(words), media: await list(media), files };
}

const mediaTags = (lines: string[]) => lines.filter((line) => /^#EXT(INF|-X-DISC|-X-ENDLIST|-X-START)/.test(line));

describe('the playlist of a stretch of a stream', () => {
  it('is the media when nothing is said in it, a master with the same name when something is', async () => {
    await record(box, streamId, 0, 5);
    await record(box, streamId, 40, 2, 'ses-2');
    say(90);
    expect(await textOf(manifest(0, 48))).toContain('#EXTINF');
    say(6.5);
    const { master, words, media, files } = await follow(manifest(2, 48));
    expect(master).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      expect.stringMatching(
        /^#EXT-X-MEDIA:TYPE=SUBTITLES,.*LANGUAGE="en",AUTOSELECT=YES,DEFAULT=NO,.*\d{16}-\d{16}\.m3u8"$/,
      ),
      expect.stringMatching(
        /^#EXT-X-STREAM-INF:BANDWIDTH=\d+,.*CODECS="avc1\.640028",RESOLUTION=640x360,SUBTITLES="words"$/,
      ),
      expect.stringMatching(/\/\d{16}-\d{16}\.m3u8$/),
      '',
    ]);
    expect(mediaTags(words)).toEqual(mediaTags(media));
    expect(words.join()).not.toContain('EXT-X-MAP');
    expect(files).toHaveLength(7);
    const captions = await Promise.all(files.map(textOf));
    // These segments have no index of their own: their time is taken to be the playlist's.
    expect(captions[1]).toBe(
      `WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:360000,LOCAL:00:00:04.000\n\n${T0 + 6500}\n00:00:06.500 --> 00:00:07.500\nhello there\n`,
    );
    expect(captions[0]).not.toContain('-->');
    expect(captions[5]).toContain('LOCAL:00:00:20.000');
  });

  it('stays what it is while the range goes on', async () => {
    const nowS = (Date.now() - T0) / 1000;
    await record(box, streamId, Math.floor(nowS) - 60, 15);
    say(Math.floor(nowS) - 50);
    const link = manifest(nowS - 60, nowS + 60);
    expect(await textOf(link)).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    box.live.speech = true;
    const started = (changedMs: number) =>
      box.store.streams.update(streamId, { transcription: { wanted: true, engine: 'default', changedMs } });
    started(Date.now());
    expect(await textOf(link)).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    started(T0);
    const { media, words, files } = await follow(link);
    expect(media).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(words).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(words).not.toContain('#EXT-X-ENDLIST');
    expect(files).toHaveLength(5);
    // Over, and until just now someone followed it.
    expect(await textOf(manifest(nowS - 60, nowS - 4))).toContain('#EXT-X-STREAM-INF');
    started(Date.now());
    expect(await textOf(manifest(nowS - 60, nowS - 4))).toContain('#EXT-X-ENDLIST');
  });
});

describe('captions of videos', () => {
  it('are offered for what is said in the stretch that the link plays', async () => {
    const video = await addVideo(box, 3);
    const silent = await addVideo(box, 3);
    box.store.assets.setWords(video.id, [{ text: 'hello', startMs: 5000, endMs: 5500 }]);
    const link = (id: string, fromMs: number, toMs: number) => box.deps.links.manifestPath(id, fromMs, toMs);
    expect(await textOf(link(video.id, 0, 4000))).toContain('#EXTINF');
    expect(await textOf(link(silent.id, 0, 12_000))).toContain('#EXTINF');
    const { files } = await follow(link(video.id, 4000, 12_000));
    expect(files.map((file) => file.split('/').at(-1))).toEqual(['0-1-0.vtt', '0-2-4000.vtt']);
    expect(await textOf(files[0] ?? '')).toContain('00:00:01.000 --> 00:00:02.000\nhello\n');
    const cut = box.store.cuts.put([
      { assetId: silent.id, startMs: 0, endMs: 4000 },
      { assetId: video.id, startMs: 4000, endMs: 8000 },
    ]);
    const joined = await follow(link(cut.id, 0, 8000));
    expect(mediaTags(joined.words)).toEqual(mediaTags(joined.media));
    expect(await textOf(joined.files[1] ?? '')).toContain('00:00:05.000 --> 00:00:06.000\nhello\n');
  });
});

describe('a link', () => {
  it('opens the captions of its own range and source and no others', async () => {
    const [first = 0, second = 0] = await record(box, streamId, 0, 2);
    const other = addStream(box.store).id;
    const [foreign = 0] = await record(box, other, 0, 1, 'ses-other');
    say(1);
    say(1, 'a secret', other);
    const video = await addVideo(box, 3);
    box.store.assets.setWords(video.id, [{ text: 'hello', startMs: 5000, endMs: 5500 }]);
    const folder = (link: string) => link.slice(0, link.indexOf('/manifests/'));
    const [mine, film] = [folder(manifest(0, 4)), folder(box.deps.links.manifestPath(video.id, 4000, 8000))];
    const status = async (path: string) => (await get(path)).status;
    expect(await status(`${mine}/captions/${first}-0.vtt`)).toBe(200);
    for (const id of [second, foreign, 99_999]) expect(await status(`${mine}/captions/${id}-0.vtt`)).toBe(404);
    expect(await status(`${film}/captions/0-1-0.vtt`)).toBe(200);
    for (const name of ['0-0-0', '0-2-0', '1-1-0', '0-99-0']) {
      expect(await status(`${film}/captions/${name}.vtt`)).toBe(404);
    }
    expect(await status(`${film}/captions/${first}-0.vtt`)).toBe(404);
    expect(await status(`${mine}/captions/0-0-0.vtt`)).toBe(404);
    expect(await status(`${mine.replace('/hls/', '/hls/x')}/captions/${first}-0.vtt`)).toBe(403);
    expect(await status(manifest(0, 4).replace('/manifests/', '/words/').replace(streamId, other))).toBe(403);
    expect(await status(manifest(0, 4).replace('/manifests/', '/media/').replace(streamId, other))).toBe(403);
  });
});

describe('files of what was said', () => {
  const key = { 'x-access-token': 'sk-right' };
  const read = async (path: string) => {
    const response = await get(path, key);
    return { type: response.headers.get('content-type'), text: await response.text(), status: response.status };
  };

  it('count from the start of the range, without one from the first word', async () => {
    say(10);
    say(30, 'good bye');
    const path = `/v1/streams/${streamId}/transcript`;
    const s = T0 / 1000;
    const vtt = await read(`${path}.vtt?start=${s + 8}&end=${s + 20}`);
    expect(vtt).toMatchObject({ status: 200, type: 'text/vtt; charset=utf-8' });
    expect(vtt.text).toBe(
      `WEBVTT\n\nNOTE starts at ${new Date(T0 + 8000).toISOString()}\n\n${T0 + 10_000}\n00:00:02.000 --> 00:00:03.000\nhello there\n`,
    );
    const srt = await read(`${path}.srt?end=${s + 40}`);
    expect(srt).toMatchObject({ status: 200, type: 'application/x-subrip; charset=utf-8' });
    expect(srt.text).toBe(
      '1\n00:00:00,000 --> 00:00:01,000\nhello there\n\n2\n00:00:20,000 --> 00:00:21,000\ngood bye\n',
    );
    // It was said long ago: the last day has nothing.
    expect((await read(`${path}.srt`)).text).toBe('');
  });

  it('are of videos, too', async () => {
    const video = await addVideo(box, 3);
    box.store.assets.setWords(video.id, [{ text: 'hello', startMs: 5000, endMs: 5500 }]);
    expect((await read(`/v1/videos/${video.id}/transcript.vtt`)).text).toContain(
      '00:00:05.000 --> 00:00:06.000\nhello',
    );
    expect((await read(`/v1/videos/${video.id}/transcript.srt`)).text).toContain(
      '00:00:05,000 --> 00:00:06,000\nhello',
    );
  });

  it('are refused without a key, for what is not there, and for more than a day', async () => {
    const path = `/v1/streams/${streamId}/transcript.vtt`;
    const s = T0 / 1000;
    expect((await get(path)).status).toBe(401);
    const refused = [
      [`/v1/streams/rts-none/transcript.vtt`, 404, 'rtstream_id'],
      [`/v1/videos/m-none/transcript.srt`, 404, 'video_id'],
      [`${path}?start=${s}&end=${s - 1}`, 400, 'end'],
      [`${path}?start=${s}&end=${s + 90_000}`, 400, '24 hours'],
      [`${path}?start=noon`, 400, 'start'],
    ] as const;
    for (const [at, status, message] of refused) {
      const answer = await read(at);
      expect(answer.status).toBe(status);
      expect(answer.text).toContain(message);
    }
  });
});
