import { readFile } from 'node:fs/promises';
import { arch, totalmem } from 'node:os';
import type { Device } from './catalogue.ts';

/** What a box says of itself. */
export interface Board {
  /** As the board's firmware calls it; empty where it doesn't. */
  model: string;
  arch: string;
  memoryBytes: number;
}

/** Of memory as sold, firmware and graphics keep some for themselves. */
const LEAST_SHARE = 0.8;

/** This box. */
export async function thisBoard(): Promise<Board> {
  const model = await readFile('/proc/device-tree/model', 'utf8').catch(() => '');
  return { model: model.replaceAll('\0', '').trim(), arch: arch(), memoryBytes: totalmem() };
}

/**
 * The kind of box that this is: of those of its make the largest that isn't larger than it, else the smallest. A board
 * of a make that isn't known is like any other with as much memory. Undefined only when no kinds are known.
 */
export function deviceOf(board: Board, devices: readonly Device[]): Device | undefined {
  const own = devices.filter((device) => board.model.includes(device.board) || board.arch === device.board);
  const sorted = [...(own.length > 0 ? own : devices)].sort((a, b) => a.memoryMb - b.memoryMb);
  const fits = (device: Device) => device.memoryMb * 2 ** 20 * LEAST_SHARE <= board.memoryBytes;
  return sorted.findLast(fits) ?? sorted[0];
}
