import type { PushProtocol } from '#domain';

/** A stream that may be published. */
export interface PushedStream {
  id: string;
  protocol: PushProtocol;
  key: string;
}

/** What the process that takes publishers in is told. */
export type Told =
  | { kind: 'begin'; host: string; ports: Record<PushProtocol, number>; readKey: string }
  /** All that may be published from now on; whoever publishes another one is thrown off. */
  | { kind: 'streams'; streams: PushedStream[] }
  | { kind: 'ping' };

/** What it says. */
export type Said =
  /** Where this machine reads, and nobody else. */
  | { kind: 'ready'; readPorts: Record<PushProtocol, number> }
  /** Publishers of these are let in now, as far as their port can be had. */
  | { kind: 'admits'; ids: string[] }
  | { kind: 'publishing'; id: string; publishing: boolean }
  /** Whether publishers can come; why not. */
  | { kind: 'door'; protocol: PushProtocol; problem?: string }
  | { kind: 'note'; text: string; facts: Record<string, string | number> }
  | { kind: 'pong' };
