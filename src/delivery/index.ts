/**
 * Firings on their way to their receivers: webhooks and one MQTT broker. Owns attempts and retries; the outbox itself is
 * the store's. Promises at-least-once: a delivery is done when its receiver has acknowledged it (2xx, PUBACK) and is
 * tried until then, over restarts too. A receiver that is away delays only its own deliveries.
 */
export * from './delivery.ts';
export * from './payload.ts';
