/** The part of node-rtsp-stream 0.0.9 that is used; it brings no types. */
declare module 'node-rtsp-stream' {
  import { EventEmitter } from 'node:events';

  interface VideoStreamOptions {
    name: string;
    streamUrl: string;
  }

  /** Emits `camdata` with each piece of MPEG-TS. */
  class VideoStream extends EventEmitter<{ camdata: [Buffer] }> {
    constructor(options: VideoStreamOptions);
    /** Called by the constructor: starts ffmpeg. */
    startMpeg1Stream(): void;
    /** Called by the constructor: opens a WebSocket server. */
    pipeStreamToSocketServer(): void;
  }
  export = VideoStream;
}
