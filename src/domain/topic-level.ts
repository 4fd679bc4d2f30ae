/** A name as one level of an MQTT topic: letters and digits in lower case, safe to subscribe to. */
export function topicLevel(name: string): string {
  const words = name
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{N}_]+/gu);
  return words?.join('-').slice(0, 64) ?? 'unnamed';
}
