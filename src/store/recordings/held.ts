/**
 * What is held beside recordings (see holds.ts): as long as a firing is there, its scene is, and the pictures of the
 * newest stay although nothing recorded shows that time any more, as do those of firings that somebody has marked, and
 * all of a time that somebody holds.
 */

/** About 25 kB each. */
const MOST_PICTURES = 5000;

/** In a condition on `scenes`: no firing tells of the scene. */
export const NO_FIRING = 'NOT EXISTS (SELECT 1 FROM firings WHERE scene_id = scenes.id)';

/** In a condition on `scenes`: nobody will want to see its picture as evidence. */
export const NO_EVIDENCE = `scenes.id NOT IN (
  SELECT scene_id FROM (SELECT scene_id FROM firings ORDER BY at_ms DESC LIMIT ${MOST_PICTURES})
  UNION SELECT scene_id FROM marks JOIN firings ON firings.id = firing_id)`;

/** In a condition on `scenes`: nobody holds the recording of that time. */
export const NOT_HELD = `NOT EXISTS (SELECT 1 FROM holds
  WHERE stream_id = scenes.stream_id AND from_ms < scenes.end_ms AND to_ms > scenes.start_ms)`;

/** The same, of alerts: what they hold may still be seen. None of their holds is longer than half an hour. */
export const NOT_HELD_BY_ALERTS = `NOT EXISTS (SELECT 1 FROM alert_holds
  WHERE stream_id = scenes.stream_id AND from_ms < scenes.end_ms AND to_ms > scenes.start_ms
    AND from_ms > scenes.start_ms - 1800000)`;

/** In a condition on `firings`: nobody waits for it, nothing is to get it, and nobody has marked it. */
export const DONE_WITH = `id NOT IN (SELECT firing_id FROM deliveries WHERE delivered_ms IS NULL AND dead_ms IS NULL)
  AND id NOT IN (SELECT firing_id FROM marks)
  AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 'alert' AND ref IN (firings.id, firings.id || '/verdict'))`;
