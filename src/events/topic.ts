import { topicLevel } from '#domain';

/** The last levels of an alert's MQTT topic: `<stream>/<label>`, each safe to subscribe to. */
export function topicOf(streamName: string, label: string): string {
  return `${topicLevel(streamName)}/${topicLevel(label)}`;
}
