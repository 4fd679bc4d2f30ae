/**
 * The one HTTP port: VideoDB-compatible routes at the root, our own under `/v1/`, signed media under `/hls/`, the page
 * under `/`. Owns the wire: envelopes, ids and units of the API, API keys, limits.
 *
 * Promises: every answer of an API route is a JSON object with `success`; every failure is a `Fault` turned into one in
 * a single place; no answer holds a camera's credentials; nothing but pages, health and signed links is served without
 * a key. A request that fails touches no other; nothing here can stop a recording.
 */
export { createHttpApp, type HttpApp } from './app.ts';
export type { MachineStatus, PowerLimit } from './box/machine-status.ts';
export { boxStatus } from './box/status.ts';
export { Certificate } from './certificate.ts';
export type { ConfigCondition, ConfigLoss, ConfigOutcome, ConfigWish, HttpDeps } from './deps.ts';
export { type HttpServer, listen } from './listen.ts';
export { Sockets } from './live/sockets.ts';
export { PageSessions } from './page-sessions.ts';
export { SessionTokens } from './streams/tokens.ts';
export { jobCallback } from './videos/jobs.ts';
