/**
 * What is made out of assets: VideoDB's editor timelines, rendered by one ffmpeg to an asset (docs/editor.md). Owns what
 * clients may write and what it means (a `Composition`), the filter graph, texts and captions.
 *
 * Promises: what can't be rendered is refused before a job is made of it, by the path of the value and what would do. The
 * recorder comes first: renders run one at a time, at the lowest priority. What is rendered is kept by its content and
 * answered at once when it is asked for again; it gives way when room for other assets is short. User text is never part
 * of a command line or of a filter's own language.
 */
export {
  ANIMATIONS,
  CAPTION_ALIGNMENTS,
  type CaptionsContent,
  type Composition,
  type Content,
  FILTERS,
  FITS,
  type Layer,
  POSITIONS,
  type TextContent,
  TRANSITIONS,
} from './composition.ts';
export { compose } from './document.ts';
export { frameRateOf } from './frame-rate.ts';
export { beginFollowing, reframeAsset } from './reframe.ts';
export { beginRender, type RenderDeps, type RenderOptions, renderAsset } from './renders.ts';
export {
  type CaptionRequest,
  LARGEST_SIDE,
  LONGEST_MS,
  SMALLEST_SIDE,
  type Timeline,
  type TimelineAsset,
  type TimelineClip,
} from './timeline.ts';
