/** The part of node-rtsp-stream 0.0.9 that is used; it brings no types. */
declare module 'node-rtsp-stream' {
  import type { ChildProcess } from 'node:child_process';
  import { EventEmitter } from 'node:events';

  interface VideoStreamOptions {
    name: string;
    streamUrl: string;
    ffmpegPath?: string;
    /** Between input and output; an empty value is a flag. */
    ffmpegOptions?: Readonly<Record<string, string | number>>;
  }

  /** Starts ffmpeg in its constructor, and emits `camdata` with each piece of MPEG-TS. */
  class VideoStream extends EventEmitter<{ camdata: [Buffer] }> {
    readonly mpeg1Muxer: EventEmitter & { stream: ChildProcess };
    constructor(options: VideoStreamOptions);
    /** Called by the constructor: opens a WebSocket server. */
    pipeStreamToSocketServer(): void;
  }
  export = VideoStream;
}
