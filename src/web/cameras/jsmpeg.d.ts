/** The part of JSMpeg that is used; it brings no types. */
declare module '@seydx/jsmpeg' {
  interface PlayerOptions {
    canvas: HTMLCanvasElement;
    audio?: boolean;
    /** Its own WebAssembly would need a Content-Security-Policy that allows more. */
    disableWebAssembly?: boolean;
    /** Seconds; 0: once only. */
    reconnectInterval?: number;
    onVideoDecode?: () => void;
  }
  class Player {
    constructor(url: string, options: PlayerOptions);
    readonly source: { socket?: WebSocket };
    destroy(): void;
  }
  const JSMpeg: { Player: typeof Player };

  export = JSMpeg;
}
