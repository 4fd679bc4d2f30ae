/** Zones drawn over a picture: outlines that scale with it, and their names as text that doesn't. */
import { el, svg } from '../dom.ts';
import type { ZoneJson } from '../wire.ts';

export function zoneOverlay(zones: readonly ZoneJson[]): HTMLElement {
  const drawing = svg('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none' });
  const overlay = el('span', { class: 'zones', 'aria-hidden': 'true' });
  overlay.append(drawing);
  for (const zone of zones) {
    const points = zone.polygon.map(([x, y]) => `${(x * 100).toFixed(2)},${(y * 100).toFixed(2)}`).join(' ');
    drawing.append(svg('polygon', { points }));
    overlay.append(nameTag(zone));
  }
  return overlay;
}

function nameTag(zone: ZoneJson): HTMLElement {
  const [x, y] = anchor(zone);
  const tag = el('span', { class: 'zone-name' }, zone.name);
  tag.style.left = `${x * 100}%`;
  tag.style.top = `${y * 100}%`;
  return tag;
}

/** Where a zone's name stands: the middle of its points, kept off the picture's edges. */
export function anchor(zone: ZoneJson): [number, number] {
  const count = zone.polygon.length || 1;
  const mean = (axis: 0 | 1): number => zone.polygon.reduce((sum, point) => sum + point[axis], 0) / count;
  return [Math.min(0.9, Math.max(0.1, mean(0))), Math.min(0.92, Math.max(0.08, mean(1)))];
}
