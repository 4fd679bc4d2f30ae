import { describe, expect, it } from 'vitest';
import { deviceOf, readCatalogue, thisBoard } from '#models';

const { devices } = await readCatalogue();
const GB = 2 ** 30;

describe('telling what kind of box this is', () => {
  it.each([
    // Firmware and graphics keep some of the memory.
    ['Raspberry Pi 5 Model B Rev 1.0', 'arm64', 3.9, 'pi5-4gb'],
    ['Raspberry Pi 5 Model B Rev 1.1', 'arm64', 7.8, 'pi5-8gb'],
    ['Raspberry Pi 5 Model B Rev 1.1', 'arm64', 15.8, 'pi5-8gb'],
    ['Raspberry Pi 5 Model B Rev 1.0', 'arm64', 1.9, 'pi5-4gb'],
    ['NVIDIA Jetson Orin Nano Developer Kit', 'arm64', 7.3, 'jetson-orin-nano'],
    ['NVIDIA Jetson Orin NX Engineering Reference Developer Kit', 'arm64', 15.2, 'jetson-orin-nx'],
    ['', 'x64', 15.5, 'x86'],
    ['', 'x64', 1.9, 'x86'],
    // Of a make that nobody knows: by its memory.
    ['Radxa ROCK 5B', 'arm64', 3.8, 'pi5-4gb'],
  ])('%s, %s, %d GB', (model, arch, gigabytes, name) => {
    expect(deviceOf({ model, arch, memoryBytes: gigabytes * GB }, devices)?.name).toBe(name);
  });

  it('knows nothing without kinds', () => {
    expect(deviceOf({ model: '', arch: 'x64', memoryBytes: GB }, [])).toBe(undefined);
  });

  it('asks the machine itself', async () => {
    const board = await thisBoard();
    expect(board).toMatchObject({ arch: process.arch, memoryBytes: expect.any(Number) });
    expect(deviceOf(board, devices)).toBeDefined();
  });
});
