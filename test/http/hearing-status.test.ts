/** How hearing goes, for people and for Prometheus: what waits, what was lost, who listens. */
import { expect, it } from 'vitest';
import { EndpointWriter, Summaries } from '#pipeline';
import { createLog, systemClock } from '#runtime';
import { addStream, openBox } from './box.ts';

it('is told: packs, lag, what waits and where, gaps, summaries', async () => {
  const log = createLog('silent');
  const apiKey = 'canary';
  const writer = new EndpointWriter({ url: 'http://127.0.0.1:1/v1', model: 'tiny', apiKey, clock: systemClock, log });
  const perStream: Record<string, { lagMs: number; waiting: number }> = {};
  const transcriber = {
    lagMs: 61_500,
    waiting: 7,
    spoolBytes: 4096,
    gaps: 2,
    transcribed: 5,
    lastError: 'away',
    perStream,
  };
  await using box = await openBox({
    listening: {
      speechAvailable: true,
      status: () => ({
        voice: { state: 'ready', pack: 'silero', restarts: 0 },
        sounds: { state: 'none', restarts: 0 },
        speech: { state: 'restarting', pack: 'whisper-tiny', lastError: 'killed', restarts: 3, pid: 5, rssMb: 300 },
      }),
    },
    transcriber: { status: () => transcriber },
    summaries: new Summaries([writer]),
  });
  const { id } = addStream(box.store, { name: 'Shop' });
  perStream[id] = { lagMs: 61_500, waiting: 6 };
  perStream['rts-gone'] = { lagMs: 0, waiting: 1 };
  const { data } = await box.call('GET', '/v1/status');
  expect(data).toMatchObject({
    listening: {
      voice: { state: 'ready', pack: 'silero' },
      sounds: { state: 'none' },
      speech: { state: 'restarting', last_error: 'killed', restarts: 3, rss_mb: 300 },
    },
    transcriber: {
      ...{ lag_ms: 61_500, waiting: 7, spool_bytes: 4096, gaps: 2, transcribed: 5, last_error: 'away' },
      per_stream: { [id]: { lag_ms: 61_500, waiting: 6 } },
    },
    summaries: [{ name: 'endpoint', state: 'ready', model: 'tiny', asked: 0, failed: 0 }],
  });
  expect(JSON.stringify(data)).not.toContain('canary');
  const headers = { 'x-access-token': 'sk-right' };
  const metrics = await (await box.app.request('http://box/metrics', { headers })).text();
  for (const line of [
    'watchpost_listening_ready{task="voice"} 1',
    'watchpost_listening_ready{task="sounds"} 0',
    'watchpost_listening_restarts_total{task="speech"} 3',
    'watchpost_speech_lag_seconds 61.5',
    'watchpost_speech_waiting 7',
    'watchpost_speech_spool_bytes 4096',
    'watchpost_speech_gaps_total 2',
    'watchpost_speech_transcribed_total 5',
    `watchpost_stream_speech_lag_seconds{stream_id="${id}",name="Shop"} 61.5`,
    'watchpost_stream_speech_waiting{stream_id="rts-gone",name=""} 1',
    'watchpost_summaries_total{writer="endpoint"} 0',
    'watchpost_summaries_failed_total{writer="endpoint"} 0',
  ]) {
    expect(metrics.split('\n')).toContain(line);
  }
  expect(metrics).not.toContain('canary');
});
