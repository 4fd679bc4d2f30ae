/** What is to be rendered: ids resolved, defaults filled in, times in milliseconds, layers from the lowest to the topmost. */
export interface Composition {
  width: number;
  height: number;
  fps: number;
  /** `#rrggbb` */
  background: string;
  durationMs: number;
  layers: Layer[];
  /** x264's crf, 0–51; the renderer's own without it. */
  quality?: number;
}

export interface Layer {
  startMs: number;
  durationMs: number;
  content: Content;
  /** 1 as `fit` says; 0–10 */
  scale: number;
  /** 0–1 */
  opacity: number;
  fit: Fit;
  position: Position;
  /** Shares of the canvas. */
  offset: { x: number; y: number };
  filter?: Filter;
  transition?: { in?: Transition; out?: Transition; durationMs: number };
  /** Where the middle of what is cut out of the picture is (shares of the picture), at times from the layer's start. */
  follow?: { atMs: number; x: number; y: number }[];
}

export const FITS = ['crop', 'cover', 'contain', 'none'] as const;
/** `crop` fills and cuts, `cover` stretches, `contain` shows all of it, `none` leaves it its own size. */
export type Fit = (typeof FITS)[number];

export const POSITIONS = [
  'center',
  'top',
  'bottom',
  'left',
  'right',
  'top_left',
  'top_right',
  'bottom_left',
  'bottom_right',
] as const;
export type Position = (typeof POSITIONS)[number];

export const FILTERS = ['blur', 'boost', 'contrast', 'darken', 'greyscale', 'lighten', 'muted', 'negative'] as const;
export type Filter = (typeof FILTERS)[number];

/** VideoDB knows no other. */
export const TRANSITIONS = ['fade'] as const;
export type Transition = (typeof TRANSITIONS)[number];

export type Content =
  | { kind: 'video'; assetId: string; fromMs: number; volume: number; crop?: Crop }
  | { kind: 'audio'; assetId: string; fromMs: number; volume: number }
  | { kind: 'image'; assetId: string; crop?: Crop }
  | TextContent
  | CaptionsContent;

/** What is cut off at each side: shares of the picture, 0–1. */
export interface Crop {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** Sizes and widths in pixels of the canvas; colours `#rrggbb`. */
export interface TextContent {
  kind: 'text';
  text: string;
  font: { family: string; size: number; color: string; opacity: number; weight?: number };
  alignment: { horizontal: 'left' | 'center' | 'right'; vertical: 'top' | 'center' | 'bottom' };
  border?: { color: string; width: number };
  shadow?: { color: string; x: number; y: number };
  background?: {
    /** 0: as large as the text. */
    width: number;
    height: number;
    color: string;
    borderWidth: number;
    opacity: number;
    /** Where the text is in the box. */
    textAlignment: Position;
  };
  /** The box in which lines are wrapped; as large as the text without it. */
  width?: number;
  height?: number;
  tabSize: number;
  lineSpacing: number;
}

export const ANIMATIONS = ['box_highlight', 'color_highlight', 'reveal', 'karaoke', 'impact', 'supersize'] as const;

export const CAPTION_ALIGNMENTS = [
  'bottom_left',
  'bottom_center',
  'bottom_right',
  'middle_left',
  'middle_center',
  'middle_right',
  'top_left',
  'top_center',
  'top_right',
] as const;

/** Either words with their times, or a whole ASS document as it was sent. Colours `&HAABBGGRR`. */
export interface CaptionsContent {
  kind: 'captions';
  words?: CaptionWord[];
  ass?: string;
  font: {
    name: string;
    size: number;
    bold: boolean;
    italic: boolean;
    underline: boolean;
    strikeout: boolean;
    /** Percent. */
    scaleX: number;
    scaleY: number;
    spacing: number;
    /** Degrees. */
    angle: number;
  };
  primaryColor: string;
  secondaryColor: string;
  backColor: string;
  border: {
    style: 'outline_and_shadow' | 'opaque_box';
    outline: number;
    outlineColor: string;
    shadow: number;
  };
  position: {
    alignment: (typeof CAPTION_ALIGNMENTS)[number];
    marginL: number;
    marginR: number;
    marginV: number;
  };
  animation?: (typeof ANIMATIONS)[number];
}

/** Times from the layer's start. */
export interface CaptionWord {
  text: string;
  startMs: number;
  endMs: number;
}
