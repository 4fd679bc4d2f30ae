import type { Layer } from './composition.ts';
import type { Source } from './inputs.ts';

const SOUND_RATE = 48_000;
const STEREO = `aformat=sample_fmts=fltp:sample_rates=${SOUND_RATE}:channel_layouts=stereo`;

/**
 * A layer's sound as a chain that begins with the composition: silence until its start, holes filled with silence, as loud
 * as wanted, faded as its picture is. Undefined when it has none, or none that is heard.
 */
export function soundChain(layer: Layer, source: Source, input: string, lengthMs: number): string | undefined {
  const { content, startMs, transition } = layer;
  if (!('volume' in content) || content.volume === 0 || source.kind !== 'media' || !source.sound) return undefined;
  const durationS = Math.min(layer.durationMs, lengthMs - startMs) / 1000;
  if (durationS <= 0) return undefined;
  const fadeS = Math.min((transition?.durationMs ?? 0) / 1000, durationS);
  const from = source.fromS;
  return [
    `${input}atrim=start=${Math.max(0, from).toFixed(6)}:end=${(from + durationS).toFixed(6)}`,
    `asetpts=PTS-${from.toFixed(6)}/TB`,
    ...(source.sound.channels === 1 ? ['pan=stereo|c0=c0|c1=c0'] : []), // Else it would become quieter.
    `aresample=${SOUND_RATE}:async=1:first_pts=0`,
    STEREO,
    ...(content.volume === 1 ? [] : [`volume=${content.volume}`]),
    ...(transition?.in && fadeS > 0 ? [`afade=t=in:st=0:d=${fadeS}`] : []),
    ...(transition?.out && fadeS > 0 ? [`afade=t=out:st=${durationS - fadeS}:d=${fadeS}`] : []),
    `adelay=${Math.round((startMs * SOUND_RATE) / 1000)}S:all=1`,
  ].join(',');
}

/** All of them at once, exactly as long as the composition; what would be too loud for the encoder is held down. */
export function mixOf(labels: readonly string[], lengthS: number): string {
  const silence = `anullsrc=r=${SOUND_RATE}:cl=stereo,atrim=duration=${lengthS},${STEREO}[silence]`;
  const mix = `[silence]${labels.join('')}amix=inputs=${labels.length + 1}:duration=first:dropout_transition=0:normalize=0`;
  return `${silence};${mix},alimiter=limit=0.97:level=0:latency=1`;
}
