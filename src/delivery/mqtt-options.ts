import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { IClientOptions } from 'mqtt';
import type { Config } from '#config';
import { Fault } from '#runtime';

export type MqttConfig = NonNullable<Config['mqtt']>;

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * What the client is made with; files are read anew for each connection, so that a renewed certificate is used. Throws
 * `invalid` naming the key when a file is missing or isn't what it should be.
 */
export async function clientOptions(
  config: MqttConfig,
  box: { id: string; statusTopic: string },
  protocolVersion: 4 | 5,
): Promise<IClientOptions> {
  const { username, password, clientId = box.id } = config;
  return {
    clientId,
    clean: true,
    keepalive: 20,
    reconnectPeriod: 0,
    resubscribe: false,
    protocolVersion,
    connectTimeout: CONNECT_TIMEOUT_MS,
    will: { topic: box.statusTopic, payload: Buffer.from('offline'), qos: 1, retain: true },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(await tlsFiles(config)),
  };
}

async function tlsFiles({
  caFile,
  certFile,
  keyFile,
}: MqttConfig): Promise<Pick<IClientOptions, 'ca' | 'cert' | 'key'>> {
  const ca = caFile === undefined ? {} : { ca: await read('caFile', caFile) };
  const cert = certFile === undefined ? {} : { cert: await read('certFile', certFile) };
  const key = keyFile === undefined ? {} : { key: await read('keyFile', keyFile) };
  check('caFile', ca);
  check('certFile', cert);
  check('certFile and mqtt.keyFile', { ...cert, ...key });
  return { ...ca, ...cert, ...key };
}

async function read(name: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Fault('invalid', `mqtt.${name}: can't read ${file}: does it exist, and may Watchpost read it?`, {
      cause: error,
    });
  }
}

/** Says nothing of what is in the files. */
function check(name: string, files: Pick<IClientOptions, 'ca' | 'cert' | 'key'>): void {
  try {
    createSecureContext(files);
  } catch (error) {
    const why = name.includes(' ')
      ? 'must be PEM files that belong together, the key without a passphrase'
      : 'is no PEM file with a certificate';
    throw new Fault('invalid', `mqtt.${name}: ${why}`, { cause: error });
  }
}
