/** What a change over HTTP must not give away of what whoever asks for it need not know. */
import { expect, it } from 'vitest';
import { byName, giveaways, merge } from '#config';

const now = byName({
  mqtt: { url: 'mqtt://broker', username: 'u', password: 'secret' },
  models: { vision: { url: 'http://eyes/v1', model: 'm', apiKey: '$' + '{EYES_KEY}' } },
  cameras: [{ name: 'yard', url: 'rtsp://u:p@h/1', substream: 'rtsp://u:p@h/2' }],
  sync: {
    targets: [
      { name: 'office', kind: 'hub', url: 'https://office', token: 'sk-1', allowCommands: ['all'] },
      { name: 'home', kind: 'hub', url: 'https://home', token: '$' + '{HOME}', allowCommands: true },
    ],
  },
});

const pathsOf = (given: unknown) => giveaways({ now, wanted: merge(now, given), given }).map(({ path }) => path);
const target = (name: string, change: object) => ({ sync: { targets: { [name]: change } } });

it.each([
  [{ mqtt: { url: 'mqtt://evil' } }, ['mqtt.password']],
  [{ models: { vision: { url: 'http://evil/v1' } } }, ['models.vision.apiKey']],
  [{ models: { text: { url: 'http://evil/v1', model: 'm', apiKey: '$' + '{EYES_KEY}' } } }, ['models.text.apiKey']],
  [target('home', { url: 'https://evil', token: '$' + '{HOME}' }), ['sync.targets[home].token']],
  [target('evil', { kind: 'hub', url: 'https://evil', token: '$' + '{HOME}' }), ['sync.targets[evil].token']],
  [target('office', { url: 'https://evil' }), ['sync.targets[office].token', 'sync.targets[office].allowCommands']],
  [target('home', { allowCommands: ['all'] }), ['sync.targets[home].allowCommands']],
  [
    target('evil', { kind: 'hub', url: 'https://evil', token: 'sk-2', allowCommands: ['all'] }),
    ['sync.targets[evil].allowCommands'],
  ],
])('%j', (change, paths) => {
  expect(pathsOf(change)).toEqual(paths);
});

it.each([
  { mqtt: { url: 'mqtt://elsewhere', password: 'secret' } },
  { mqtt: { url: 'mqtt://elsewhere', password: null } },
  { mqtt: { topicPrefix: 'x' } },
  { cameras: { yard: { url: 'rtsp://u:p@elsewhere/1' } } },
  target('home', { url: 'https://elsewhere', token: 'sk-3' }),
  target('home', { allowCommands: ['control'] }),
  target('office', { allowCommands: ['read'], maxKbps: 100 }),
  target('office', { maxKbps: 100 }),
  target('moved', { kind: 'hub', url: 'https://home', token: '$' + '{HOME}' }),
])('%j gives nothing away', (change) => {
  expect(pathsOf(change)).toEqual([]);
});
