import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '#runtime';
import { SAMPLES_PER_MS } from './frames.ts';

/** What a `Writing` needs of its spool. */
export interface WritingRoom {
  /** Where it writes. */
  path: string;
  /** Whether so many bytes more may be written; makes room if need be. */
  grant(bytes: number): Promise<boolean>;
  /** It has ended: `writtenMs` of it are in the file, `missing` tells what is not, and why. */
  ended(endMs: number, writtenMs: number, missing?: { fromMs: number; reason: string }): Promise<void>;
}

/**
 * One utterance on its way to the disk while it is spoken. Nothing here rejects: what can't be written is counted as
 * missing, and is told when the utterance ends.
 */
export class Writing {
  readonly startMs: number;
  readonly #room: WritingRoom;
  #file: FileHandle | undefined;
  #samples = 0;
  #missing: { fromMs: number; reason: string } | undefined;

  private constructor(startMs: number, room: WritingRoom) {
    this.startMs = startMs;
    this.#room = room;
  }

  static async begin(startMs: number, room: WritingRoom): Promise<Writing> {
    const writing = new Writing(startMs, room);
    try {
      writing.#file = await open(room.path, 'w', 0o600);
    } catch (error) {
      writing.#fail(error);
    }
    return writing;
  }

  /** How much of it can be read by now. */
  get writtenMs(): number {
    return Math.floor(this.#samples / SAMPLES_PER_MS);
  }

  async append(samples: Int16Array): Promise<void> {
    if (!this.#file || this.#missing) return;
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    try {
      if (!(await this.#room.grant(bytes.length))) {
        this.#lose('there was no room on the disk for what was said');
        return;
      }
      let done = 0;
      while (done < bytes.length) done += (await this.#file.write(bytes, done)).bytesWritten;
      this.#samples += samples.length;
    } catch (error) {
      this.#fail(error);
    }
  }

  async end(endMs: number): Promise<void> {
    try {
      if (!this.#missing) await this.#file?.datasync();
    } catch (error) {
      this.#fail(error);
    }
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    const missing = this.#missing && this.#missing.fromMs < endMs ? this.#missing : undefined;
    await this.#room.ended(endMs, Math.min(this.writtenMs, endMs - this.startMs), missing);
  }

  #fail(error: unknown): void {
    const full = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    this.#lose(
      full
        ? 'the disk is full: what was said could not be kept'
        : `what was said could not be kept: ${messageOf(error)}`,
    );
  }

  #lose(reason: string): void {
    this.#missing ??= { fromMs: this.startMs + this.writtenMs, reason };
  }
}
