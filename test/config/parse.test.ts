import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig, variablesIn } from '#config';

const camera = (rest: string) => `cameras: [{ name: yard, url: "rtsp://h/1", ${rest} }]`;
const sync = (rest: string) => `sync: { targets: [{ name: a, ${rest} }] }`;

/** Some lines that stand for 9 to the power of 10 words. */
const BOMB = Array.from('abcdefghij')
  .map((name, n, names) => `${name}: &${name} [${Array(9).fill(n === 0 ? 'x' : `*${names[n - 1]}`)}]`)
  .join('\n');

describe('parseConfig', () => {
  it('fills an empty file with defaults', () => {
    expect(parseConfig('', {}, 'f.yaml')).toMatchObject({
      listen: { host: '0.0.0.0', port: 8080 },
      dataDir: './data',
      ingest: { allowFile: false, maxConnecting: 2 },
      recording: { segmentSeconds: 4, reservePercent: 5 },
      models: { autoFetch: true },
      cameras: [],
    });
  });

  it('gives a camera one index unless told otherwise', () => {
    expect(parseConfig(camera(''), {}, 'f.yaml').cameras[0]?.indexes).toEqual([
      { name: 'scenes', prompt: 'Describe what is happening', seconds: 5, frames: 2, events: [] },
    ]);
    expect(parseConfig(camera('indexes: []'), {}, 'f.yaml').cameras[0]?.indexes).toEqual([]);
  });

  it('sends a hub everything but recordings, and a bucket no picture that no alert is about', () => {
    const hub = sync('kind: hub, url: "http://h", token: x');
    const clips = { preSeconds: 5, postSeconds: 10 };
    expect(parseConfig(hub, {}, 'f.yaml').sync.targets[0]).toMatchObject({
      allowCommands: false,
      send: { alerts: true, pictures: 'all', clips, records: true, segments: 'never' },
    });
    const s3 = sync('kind: s3, bucket: b, accessKeyId: a, secretAccessKey: b, send: { clips: false }');
    expect(parseConfig(s3, {}, 'f.yaml').sync.targets[0]?.send).toMatchObject({ pictures: 'onAlert', clips: false });
  });

  it.each([
    ['camera: []', 'unknown key `camera` – did you mean `cameras`?'],
    ['recording: { segmentsSeconds: 4 }', 'recording: unknown key `segmentsSeconds` – did you mean `segmentSeconds`?'],
    ['mqtt: { url: "mqtt://h", tls: true }', 'mqtt: unknown key `tls` – known here: url, username'],
    [camera('zones: [{ name: z, polygon: [[0, 0], [1, 1]] }]'), 'cameras[0].zones[0].polygon: needs at least 3 points'],
    [
      camera('zones: [{ name: z, polygon: [[0, 0], [640, 0], [1, 1]] }]'),
      'polygon[1][0]: must be a fraction of the pict',
    ],
    [camera('zones: [{ name: z, polygon: [[0, 0], [0.5, 0.5], [1, 1]] }]'), 'polygon: encloses no area'],
    [camera('zones: [{ name: z, polygon: [[0], [1, 0], [1, 1]] }]'), 'cameras[0].zones[0].polygon[0]: must be a point'],
    [camera('indexes: [{ name: a }, { name: a }]'), 'cameras[0].indexes[1].name: is used twice'],
    [camera('indexes: [{ name: a, frames: 1.5 }]'), 'cameras[0].indexes[0].frames: must be a whole number'],
    [camera('transport: quic'), 'cameras[0].transport: must be tcp or udp'],
    ['cameras: [{ url: "rtsp://h/1" }]', 'cameras[0].name: is missing'],
    ['cameras: [{ name: a, url: 192.168.1.2 }]', 'cameras[0].url: must be an address such as rtsp://'],
    ['cameras:', 'cameras: is empty: give it a value or remove the key'],
    [
      'groups: [{ name: night, arm: [{ from: "25:00", to: "06:00" }] }]',
      'groups[0].arm[0].from: must be a time of day',
    ],
    ['groups: [{ name: night, arm: [{ from: "22:00" }] }]', 'groups[0].arm[0].to: is missing'],
    [
      'groups: [{ name: night, arm: [{ days: [monday], from: "22:00", to: "06:00" }] }]',
      'arm[0].days[0]: must be of sun',
    ],
    ['groups: [{ name: night }, { name: night }]', 'groups[1].name: is used twice'],
    ['sync: { targets: [{ kind: ftp, name: a }] }', 'sync.targets[0].kind: must be hub, videodb or s3'],
    [
      sync('kind: hub, url: "http://h", token: x, send: { clip: false }'),
      'targets[0].send: unknown key `clip` – did you',
    ],
    [sync('kind: s3, accessKeyId: a, secretAccessKey: b'), 'sync.targets[0].bucket: is missing'],
    [sync('kind: hub, url: "http://h", token: x, bucket: b'), 'sync.targets[0]: `bucket` is no key of this kind'],
    [sync('kind: hub, url: "http://h", token: x, send: { clips: true }'), 'send.clips: must be false, or preSeconds'],
    ['listen: 8080', 'listen: must be HOST:PORT'],
    ['listen: h:99999', 'listen: must be HOST:PORT'],
    ['mqtt: { url: "http://broker" }', 'mqtt.url: must be a broker address that starts with mqtt://'],
    ['mqtt: { url: "mqtt://h", topicPrefix: "a/#" }', 'mqtt.topicPrefix: must be a topic without + and #'],
    ['mqtt: { url: "mqtts://h", certFile: /box.pem }', 'mqtt: needs certFile and keyFile together'],
    ['mqtt: { url: "mqtts://h", clientId: "a b" }', 'mqtt.clientId: must be 1 to 128 characters'],
    ['logLevel: loud', 'logLevel: must be trace, debug, info, warn, error or silent'],
    ['recording: { reservePercent: lots }', 'recording.reservePercent: must be a number'],
    ['- a', 'must be a group of keys'],
    ['name: a\nname: b', 'line 2, column 1: not valid YAML (this key stands here twice)'],
    ['a: "b', 'not valid YAML'],
    [BOMB, 'too many aliases'],
    [camera('').replace('h/1', '$' + '{NOPE}/1'), 'cameras[0].url: environment variable NOPE is not set'],
    [camera('').replace('h/1', '$' + '{file:relative}'), 'must name an absolute path'],
    [camera('').replace('h/1', '$' + '{file:/none/such}'), "cameras[0].url: can't read /none/such"],
  ])('says what is wrong with %s', (yaml, message) => {
    expect(() => parseConfig(yaml, {}, 'f.yaml')).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  it('names every problem at once, and no value', () => {
    const yaml = 'listen: canary-one\nmqtt: { url: "http://user:canary-two@h", password: [canary-three] }';
    expect(() => parseConfig(yaml, {}, 'f.yaml')).toThrow(/^f\.yaml has 3 problems:\n((?!canary)[\s\S])*$/);
    expect(() => parseConfig('password: "canary', {}, 'f.yaml')).toThrow(/^((?!canary)[\s\S])*$/);
  });

  it('takes secrets from the environment, once', () => {
    const yaml = 'mqtt: { url: "mqtt://h", password: "a$' + '{SECRET}z" }';
    expect(parseConfig(yaml, { SECRET: '$' + '{OTHER}' }, 'f.yaml').mqtt?.password).toBe('a$' + '{OTHER}z');
  });

  it('lets LOG_LEVEL win, and STATE_DIRECTORY replace only the default', () => {
    const env = { LOG_LEVEL: 'debug', STATE_DIRECTORY: '/var/lib/watchpost' };
    expect(parseConfig('logLevel: warn', env, 'f.yaml')).toMatchObject({
      logLevel: 'debug',
      dataDir: '/var/lib/watchpost',
    });
    expect(parseConfig('dataDir: /srv', env, 'f.yaml').dataDir).toBe('/srv');
  });
});

describe('loadConfig', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watchpost-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('takes secrets only from files that nobody else can read', async () => {
    const secret = join(folder, 'secret');
    await writeFile(secret, 'hunter2\n', { mode: 0o644 });
    const yaml = `mqtt: { url: "mqtt://h", password: "$\{file:${secret}}" }`;
    expect(() => parseConfig(yaml, {}, 'f.yaml')).toThrow(`can be read by others: run chmod 600 ${secret}`);
    await chmod(secret, 0o600);
    expect(parseConfig(yaml, {}, 'f.yaml').mqtt?.password).toBe('hunter2');
  });

  it('tells which variables of the environment it refers to', () => {
    const url = `rtsp://$\{USER_1}:$\{SECRET}@h/$\{file:/a}`;
    const written = { cameras: { yard: { url } }, name: `$\{not a name}` };
    expect(variablesIn(written)).toEqual(['USER_1', 'SECRET']);
  });

  it('lets the command line win over the file', async () => {
    const file = join(folder, 'watchpost.yaml');
    await writeFile(file, 'listen: 0.0.0.0:1\ndataDir: /a\n');
    const config = await loadConfig(file, {}, { listen: '[::1]:2', dataDir: '/b' });
    expect(config).toMatchObject({ listen: { host: '::1', port: 2 }, dataDir: '/b' });
    await expect(loadConfig(file, {}, { listen: 'nonsense' })).rejects.toThrow(
      'the command line: listen: must be HOST',
    );
  });

  it('names a file that is not there', async () => {
    await expect(loadConfig('/none/such.yaml', {})).rejects.toThrow(
      "can't read the configuration file /none/such.yaml",
    );
  });
});
