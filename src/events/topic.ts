/** The last levels of an alert's MQTT topic: `<stream>/<label>`, each safe to subscribe to. */
export function topicOf(streamName: string, label: string): string {
  return `${slug(streamName)}/${slug(label)}`;
}

function slug(name: string): string {
  const words = name
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{N}_]+/gu);
  return words?.join('-').slice(0, 64) ?? 'unnamed';
}
