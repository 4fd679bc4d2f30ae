/**
 * The one HTTP port: VideoDB-compatible routes at the root, our own under `/v1/`, signed media under `/hls/`, the page
 * under `/`. Owns the wire: envelopes, ids and units of the API, API keys, limits.
 *
 * Promises: every answer of an API route is a JSON object with `success`; every failure is a `Fault` turned into one in
 * a single place; no answer holds a camera's credentials; nothing but pages, health and signed links is served without
 * a key. A request that fails touches no other; nothing here can stop a recording.
 */
export { createHttpApp, type HttpApp } from './app.ts';
export { Certificate } from './certificate.ts';
export type { ConfigOutcome, ConfigWish, HttpDeps } from './deps.ts';
export { jobCallback } from './jobs.ts';
export { type HttpServer, listen } from './listen.ts';
export type { MachineStatus, PowerLimit } from './machine-status.ts';
export { PageSessions } from './page-sessions.ts';
export { Sockets } from './sockets.ts';
export { boxStatus } from './status.ts';
export { SessionTokens } from './tokens.ts';
