/** A hub and a box behind it, both real: commands go by the box's own connection, once, whatever is killed in between. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { freePort } from './support/ports.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';

interface Box {
  id: string;
}
interface Entry {
  who: string;
  what: string;
  result: string;
}
interface Answer<T> {
  message: string;
  error_code?: string;
  data: T;
}

/** The JSON of an answer, taken to be what its route promises. */
async function read<T>(answer: Response): Promise<Answer<T>> {
  return (await answer.json()) as Answer<T>;
}

/** Takes what is posted to it and never answers. */
async function startSilent() {
  const asked: string[] = [];
  const server = createServer((request) => void asked.push(request.url ?? ''));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const { port } = server.address() as AddressInfo; // A TCP server's address is always of this form.
  return { asked, url: `http://127.0.0.1:${port}/hook`, [Symbol.asyncDispose]: close };
}

test('a hub commands its box: kept from doing twice, from going on with a revoked key, and from nothing by a restart', async () => {
  await using hub = await TestAppliance.start();
  await using dir = await tempDir();
  await using silent = await startSilent();
  const made = await watchpost(['token', 'create', '--scope', 'edge', '--label', 'yard', '--data-dir', hub.dataDir]);
  expect(made.code).toBe(0);
  const target = { kind: 'hub', name: 'office', url: hub.url, token: made.stdout.trim(), allowCommands: ['all'] };
  const options = { dataDir: dir.path, port: await freePort(), config: { name: 'yard', sync: { targets: [target] } } };

  const first = await TestAppliance.start(options);
  const { data: status } = await read<{ box: Box }>(await first.request('GET', '/v1/control/status'));
  const api = `/v1/boxes/${status.box.id}/api`;
  const reached = async () => (await hub.request('GET', `${api}/v1/control/status`)).status === 200;
  await until('the hub reaches the box', reached);

  // Killed in the middle of what changes something.
  const asked = hub.request('POST', `${api}/v1/webhooks/test?wait_s=600`, { url: silent.url });
  await until('the box does it', () => silent.asked.length === 1);
  await first.kill('SIGKILL');
  await using edge = await TestAppliance.start(options);
  const outcome = await asked;
  expect(outcome.status).toBe(409);
  expect((await read(outcome)).message).toContain('broke off');
  expect(silent.asked).toHaveLength(1);

  // A restart by command: it answers before it goes, and comes back.
  expect((await hub.request('POST', `${api}/v1/control/restart`)).status).toBe(200);
  const starts = () => edge.output.split('"watchpost is running"').length - 1;
  await until('the box has begun anew', () => starts() === 2);
  await until('the hub reaches it again', reached);
  const { data: log } = await read<{ entries: Entry[] }>(await edge.request('GET', '/v1/control/audit'));
  const commanded = log.entries.map(({ what, result }) => `${what} ${result}`);
  expect(commanded).toEqual(
    expect.arrayContaining(['POST /v1/webhooks/test begun before', 'POST /v1/control/restart done']),
  );
  expect(log.entries.every(({ who }) => who.startsWith('hub "office", key "'))).toBe(true);

  // The key is revoked on the hub, while it runs.
  const keys = await watchpost(['token', 'list', '--data-dir', hub.dataDir]);
  const number = /^(\d+)\tyard\tedge\t/m.exec(keys.stdout)?.[1] ?? '';
  expect((await watchpost(['token', 'revoke', number, '--data-dir', hub.dataDir])).code).toBe(0);
  await until('the box is told', async () => {
    const { data } = await read<{ commands: { connected: boolean; last_error?: string }[] }>(
      await edge.request('GET', '/v1/control/sync'),
    );
    return data.commands.some(({ connected, last_error }) => !connected && last_error?.includes('401'));
  });
  expect((await hub.request('GET', `${api}/v1/status`)).status).toBe(503);

  const support = await edge.request('GET', '/v1/control/support');
  expect([support.status, support.headers.get('content-type')]).toEqual([200, 'application/gzip']);
  await support.arrayBuffer();
  expect(hub.output + edge.output + first.output).not.toContain(target.token);
});
