import type { Socket } from 'node:net';
import type { Publisher } from './publication.ts';
import type { Relay } from './relay.ts';

/** One connection, in the words of its protocol. */
export interface Session {
  /** It has shown a key that is right. */
  readonly letIn: boolean;
  /** Throws for what isn't the protocol, and when it isn't let in: the connection is closed then. */
  take(data: Buffer): void;
  closed(): void;
}

export interface SessionOptions<P extends Publisher> {
  relay: Relay<P>;
  /** The key of those who read; absent where publishers come in. */
  readKey?: string;
}

export type NewSession<P extends Publisher> = (socket: Socket, options: SessionOptions<P>) => Session;
