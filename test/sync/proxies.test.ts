import { expect, it } from 'vitest';
import { proxyFor } from '../../src/sync/proxies.ts';

it.each([
  ['https://hub.example', { HTTPS_PROXY: 'http://p:1' }, 'p:1'],
  ['https://hub.example', { HTTP_PROXY: 'http://p:1' }, 'p:1'],
  ['https://hub.example', { HTTP_PROXY: 'http://p:1', https_proxy: 'http://q:2' }, 'q:2'],
  ['http://hub.example', { HTTPS_PROXY: 'http://p:1' }, undefined],
  ['https://hub.example', {}, undefined],
  ['https://hub.example', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
  ['https://hub.example', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a, hub.example' }, undefined],
  ['https://hub.example', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'hub.example:8443' }, 'p:1'],
  ['https://hub.example:8443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'hub.example:8443' }, undefined],
  ['https://hub.example', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.example' }, undefined],
  ['https://hub.example', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*.example' }, undefined],
  ['https://hub.example', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'ub.example' }, 'p:1'],
])('%s with %j goes by %s', (hub, env, proxy) => {
  expect(proxyFor(new URL(hub), env)?.host).toBe(proxy);
});

it('says which variable holds no address', () => {
  expect(() => proxyFor(new URL('https://hub.example'), { HTTPS_PROXY: 'not one' })).toThrow(
    'HTTP_PROXY or HTTPS_PROXY',
  );
});
