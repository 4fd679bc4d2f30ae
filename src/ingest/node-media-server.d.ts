/** The part of node-media-server 4.4.3 that is used, its RTMP without the servers around it; it brings no types. */
declare module 'node-media-server/src/protocol/rtmp.js' {
  namespace Rtmp {
    /** A message of media: `flags` says which kind (see rtmp-media.ts). */
    interface AvPacket {
      codec_type: number;
      flags: number;
      size: number;
      dts: number;
      data: Buffer;
    }
  }

  /** One connection: the handshake, chunks and commands, between `parserData` and the callbacks. */
  class Rtmp {
    /** What came before it is used again for what comes next. */
    static createMessage(packet: Rtmp.AvPacket): Buffer;
    onOutputCallback: (data: Buffer) => void;
    onPacketCallback: (packet: Rtmp.AvPacket) => void;
    onConnectCallback: (request: object) => void;
    onPlayCallback: () => void;
    onPushCallback: () => void;
    streamApp: unknown;
    streamName: string;
    streamId: number;
    inChunkSize: number;
    inPackets: Map<number, unknown>;
    parserPacket: { header: { length: number } };
    /** Throws for much that isn't RTMP. */
    parserData(data: Buffer): string | null;
    packetParse(): void;
    packetAlloc(): void;
    controlHandler(): void;
    onDeleteStream(message: unknown): void;
    respondPublish(): void;
    respondPlay(): void;
    sendStatusMessage(streamId: number, level: string, code: string, description: string): void;
  }
  export = Rtmp;
}
