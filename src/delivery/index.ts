/**
 * Firings on their way to their receivers: webhooks and one MQTT broker. Owns attempts and retries; the outbox itself is
 * the store's. Promises at-least-once: a delivery is done when its receiver has acknowledged it (2xx, PUBACK) and is
 * tried until then, over restarts too. A receiver that is away delays only its own deliveries.
 *
 * Beside them the hub: live events to open WebSockets, at most once. A client that doesn't read is dropped and delays
 * nobody.
 */
export { type CaptureMessage, captureMessage } from './capture-message.ts';
export * from './delivery.ts';
export * from './hub.ts';
export type { HubSocket, Listener } from './hub-seat.ts';
export type { LiveFrame } from './messages.ts';
export type { MqttBox } from './mqtt-errands.ts';
export { type AlertLinks, verdictView, webhookPayload } from './payload.ts';
export { type Outcome, Poster } from './poster.ts';
export { secretText } from './signature.ts';
