import { describe, expect, it } from 'vitest';
import { byName, configOf, giveaways, layerProblems, merge, revealed, shownConfig } from '#config';

const env = { MQTT_PASSWORD: 'canary-mqtt' };
const file = byName({
  mqtt: { url: 'mqtt://user:canary-user@broker:1883', password: '$' + '{MQTT_PASSWORD}' },
  models: { text: { url: 'http://127.0.0.1:11434/v1', model: 'm', apiKey: 'canary-key' } },
  cameras: [
    { name: 'yard', url: 'rtsp://admin:canary-1@10.0.0.9/stream?pass=canary-2' },
    {
      name: 'hall',
      url: 'rtsp://10.0.0.8:554',
      indexes: [
        {
          name: 'scenes',
          events: [
            { prompt: 'a person', label: 'person', callbackUrl: 'https://hooks.example/canary-3' },
            { prompt: 'a car', label: 'car', callbackUrl: 'https://hooks.example/canary-4' },
          ],
        },
      ],
    },
  ],
});
const layer = { logLevel: 'warn', cameras: { yard: { transport: 'udp' } } };
const view = (source = {}) => {
  const given = { env: { ...env, ...source }, overrides: { listen: '127.0.0.1:0' } };
  return shownConfig(configOf(file, given, 'test'), { file, layer }, given);
};

describe('the configuration as it is shown', () => {
  it('holds no secret, and says where each is as far as that is none', () => {
    const shown = view();
    expect(JSON.stringify(shown)).not.toContain('canary');
    expect(shown.config).toMatchObject({
      listen: '127.0.0.1:0',
      mqtt: { url: 'mqtt://***@broker:1883', password: '$' + '{MQTT_PASSWORD}', topicPrefix: 'watchpost' },
      models: { text: { url: 'http://127.0.0.1:11434/v1', apiKey: '(set)' } },
      cameras: [
        { name: 'yard', url: 'rtsp://10.0.0.9/(set)', transport: 'udp' },
        { name: 'hall', url: 'rtsp://10.0.0.8:554' },
      ],
    });
    expect(shown.yaml).toContain('url: rtsp://10.0.0.9/(set)');
  });

  it('says who said what', () => {
    const by = (path: string, source = {}) => view(source).set.find((one) => one.path === path)?.by;
    expect(by('cameras[yard].url')).toBe('file');
    expect(by('cameras[yard].transport')).toBe('api');
    expect(by('listen')).toBe('command line');
    expect(by('logLevel')).toBe('api');
    expect(by('logLevel', { LOG_LEVEL: 'debug' })).toBe('environment');
    expect(by('ingest.maxConnecting')).toBeUndefined();
  });

  it('that comes back means what was there, wherever it stands by then', () => {
    const shown = byName(view().config) as typeof layer & {
      cameras: { hall: { indexes: { scenes: { events: unknown[] } } } };
    };
    shown.cameras.hall.indexes.scenes.events.reverse();
    expect(revealed(shown, file)).toMatchObject({
      mqtt: { url: 'mqtt://user:canary-user@broker:1883' },
      cameras: {
        yard: { url: 'rtsp://admin:canary-1@10.0.0.9/stream?pass=canary-2' },
        hall: {
          indexes: {
            scenes: {
              events: [
                { label: 'car', callbackUrl: 'https://hooks.example/canary-4' },
                { label: 'person', callbackUrl: 'https://hooks.example/canary-3' },
              ],
            },
          },
        },
      },
    });
  });
});

describe('what is wrong with a change', () => {
  it.each([
    [{ dataDir: '/tmp' }, 'dataDir', 'can only be changed in the configuration file'],
    [{ ingest: { allowFile: true } }, 'ingest.allowFile', 'can only be changed in the configuration file'],
    [{ name: '$' + '{HOME}' }, 'name', 'references can only be made in the configuration file'],
    [{ cameras: { yard: { url: 'rtsp://$' + '{file:/etc/key}@evil' } } }, 'cameras[yard].url', 'references'],
    [{ cameras: { gate: { url: 'rtsp://10.0.0.7/(set)' } } }, 'cameras[gate].url', 'only how a secret is shown'],
    [{ mqtt: { url: 'mqtt://***@elsewhere' } }, 'mqtt.url', 'only how a secret is shown'],
  ])('%j', (change, path, message) => {
    expect(layerProblems({ file, layer: change })).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('is nothing where it says again what the file says', () => {
    expect(layerProblems({ file, layer: { mqtt: { password: '$' + '{MQTT_PASSWORD}' } } })).toEqual([]);
  });
});

describe('a secret whose address is changed', () => {
  const paths = (patch: unknown) => {
    const said = byName(patch);
    return giveaways({ now: file, wanted: merge(file, said), given: said }).map(({ path }) => path);
  };
  const elsewhere = 'http://10.6.6.6/v1';

  it('must be said again, unless it stays at its host', () => {
    expect(paths({ models: { text: { url: elsewhere } } })).toEqual(['models.text.apiKey']);
    expect(paths({ models: { text: { url: 'http://127.0.0.1:11434/v2' } } })).toEqual([]);
    expect(paths({ models: { text: { url: elsewhere, apiKey: 'canary-key' } } })).toEqual([]);
    expect(paths({ models: { text: { url: elsewhere, apiKey: 'other' } } })).toEqual([]);
    expect(paths({ models: { text: { model: 'other' } } })).toEqual([]);
  });

  it('is not said by the reference that stands for it', () => {
    const url = 'mqtt://10.6.6.6:1883';
    expect(paths({ mqtt: { url, password: '$' + '{MQTT_PASSWORD}' } })).toEqual(['mqtt.password']);
  });
});
