import { Signer } from '#domain';
import type { Clock } from '#runtime';
import type { TimeRange } from './range.ts';

/** What a player page shows beside the video. */
export interface Player {
  title?: string;
  description?: string;
  /** Human-readable start of the slug. */
  slugPrefix?: string;
}

/** What a valid token stands for: a range of a stream (Unix ms), of an asset or of a cut (ms from its start). */
export interface MediaTicket extends TimeRange {
  /** `rts-…`, `m-…`, `a-…` or `cut-…`. */
  sourceId: string;
  expiresMs: number;
  title?: string;
  description?: string;
}

const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 30;
/** No link is valid for longer than this after it was made: its last day may have just begun then. */
export const LINKS_LAST_MS: number = (LIFETIME_DAYS + 1) * DAY_MS;
const MAX_TITLE = 200;
const MAX_DESCRIPTION = 1000;

/** Makes and checks signed links. Links made on one day for the same thing are equal, so that caches can hold them. */
export class MediaLinks {
  #signer: Signer;
  #clock: Clock;

  constructor(signingKey: Buffer, clock: Clock) {
    this.#signer = new Signer(signingKey);
    this.#clock = clock;
  }

  /** Absolute path of the HLS playlist; start and end in its name are Unix microseconds. */
  manifestPath(sourceId: string, startMs: number, endMs: number, expiresMs: number = this.#expiry()): string {
    const token = this.#signer.sign('media', [sourceId, Math.floor(startMs), Math.ceil(endMs), expiresMs]);
    return `/hls/${token}/manifests/${sourceId}/${manifestName({ startMs, endMs })}`;
  }

  /** Absolute path of the player page; `/embed?v=` takes the same slug. */
  watchPath(sourceId: string, startMs: number, endMs: number, player: Player = {}): string {
    const title = player.title?.slice(0, MAX_TITLE) ?? '';
    const description = player.description?.slice(0, MAX_DESCRIPTION) ?? '';
    const words = title || description ? [title, description] : [];
    const token = this.#signer.sign('media', [
      sourceId,
      Math.floor(startMs),
      Math.ceil(endMs),
      this.#expiry(),
      ...words,
    ]);
    const prefix = slugWords(player.slugPrefix ?? '');
    return `/watch?v=${prefix ? `${prefix}.` : ''}${token}`;
  }

  /** Accepts a token or a slug. */
  verify(token: string): MediaTicket | undefined {
    const fields = this.#signer.open('media', token);
    if (!fields) return undefined;
    const [sourceId, startMs, endMs, expiresMs, title, description] = fields;
    if (typeof sourceId !== 'string' || typeof startMs !== 'number' || typeof endMs !== 'number') return undefined;
    if (typeof expiresMs !== 'number' || expiresMs < this.#clock.nowMs()) return undefined;
    return {
      sourceId,
      startMs,
      endMs,
      expiresMs,
      ...(typeof title === 'string' && title ? { title } : {}),
      ...(typeof description === 'string' && description ? { description } : {}),
    };
  }

  /** Absolute path of a scene's picture that needs no API key. */
  thumbPath(sceneId: number): string {
    return `/v1/thumbs/${sceneId}.jpg?t=${this.#signer.sign('thumb', [sceneId, this.#expiry()])}`;
  }

  verifyThumb(sceneId: number, token: string): boolean {
    const [id, expiresMs] = this.#signer.open('thumb', token) ?? [];
    return id === sceneId && typeof expiresMs === 'number' && expiresMs >= this.#clock.nowMs();
  }

  /** Absolute path of the picture of a firing, with what it fired for drawn in. */
  evidencePath(firingId: string): string {
    return `/v1/alerts/${firingId}/picture.jpg?t=${this.#signer.sign('evidence', [firingId, this.#expiry()])}`;
  }

  verifyEvidence(firingId: string, token: string): boolean {
    const [id, expiresMs] = this.#signer.open('evidence', token) ?? [];
    return id === firingId && typeof expiresMs === 'number' && expiresMs >= this.#clock.nowMs();
  }

  /** Absolute path of an asset's picture at a time from its start; without one, its thumbnail. */
  picturePath(assetId: string, atMs?: number): string {
    const moment = atMs === undefined ? [] : [Math.round(atMs)];
    const token = this.#signer.sign('picture', [assetId, this.#expiry(), ...moment]);
    return `/v1/pictures/${assetId}.jpg?${atMs === undefined ? '' : `at=${Math.round(atMs)}&`}t=${token}`;
  }

  verifyPicture(assetId: string, atMs: number | undefined, token: string): boolean {
    const [id, expiresMs, signedAtMs] = this.#signer.open('picture', token) ?? [];
    return id === assetId && signedAtMs === atMs && typeof expiresMs === 'number' && expiresMs >= this.#clock.nowMs();
  }

  /** Absolute path where a file may be sent; the upload's id names it. */
  uploadPath(uploadId: string): string {
    return `/upload/${this.#signer.sign('upload', [uploadId, this.#clock.nowMs() + DAY_MS])}`;
  }

  /** The upload's id; undefined when the link is not ours or has expired. */
  verifyUpload(token: string): string | undefined {
    const [uploadId, expiresMs] = this.#signer.open('upload', token) ?? [];
    if (typeof uploadId !== 'string' || typeof expiresMs !== 'number') return undefined;
    return expiresMs >= this.#clock.nowMs() ? uploadId : undefined;
  }

  #expiry(): number {
    return (Math.ceil(this.#clock.nowMs() / DAY_MS) + LIFETIME_DAYS) * DAY_MS;
  }
}

function manifestName({ startMs, endMs }: TimeRange): string {
  const micros = (ms: number) => String(Math.round(Math.max(0, ms) * 1000)).padStart(16, '0');
  return `${micros(Math.floor(startMs))}-${micros(Math.ceil(endMs))}.m3u8`;
}

function slugWords(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}
