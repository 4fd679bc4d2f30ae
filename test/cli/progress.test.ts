import { describe, expect, it } from 'vitest';
import { progressOn, size, stepsOn } from '../../src/cli/progress.ts';

function screen(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}
const at = (done: number, file = 'onnx/model.onnx', number = 1) => ({ file, done, bytes: 20_000_000, number, of: 2 });

describe('progress on a terminal', () => {
  it('is a bar for each file, drawn over itself, which stays when the file is whole', () => {
    const terminal = screen(true);
    let nowMs = 0;
    const show = progressOn(terminal, () => nowMs);
    show(at(0));
    nowMs = 2000;
    show(at(5_000_000));
    nowMs = 4000;
    show(at(20_000_000));
    show(at(20_000_000));
    show(at(1_000_000, 'config.json', 2));
    expect(terminal.written).toEqual([
      '\r\x1b[K1 of 2  ░░░░░░░░░░   0 %  0.0 kB of 20.0 MB  onnx/model.onnx',
      '\r\x1b[K1 of 2  ██░░░░░░░░  25 %  5.0 MB of 20.0 MB  2.5 MB/s  onnx/model.onnx',
      '\r\x1b[K1 of 2  ██████████ 100 %  20.0 MB of 20.0 MB  5.0 MB/s  onnx/model.onnx\n',
      '\r\x1b[K2 of 2  ░░░░░░░░░░   5 %  1.0 MB of 20.0 MB  config.json',
    ]);
  });

  it('isn’t drawn for every chunk, nor wider than the terminal', () => {
    const terminal = screen(true, 40);
    let nowMs = 0;
    const show = progressOn(terminal, () => nowMs);
    for (; nowMs < 1000; nowMs++) show(at(nowMs * 1000));
    expect(terminal.written).toHaveLength(10);
    expect(Math.max(...terminal.written.map((line) => line.replace('\r\x1b[K', '').length))).toBe(39);
  });
});

describe('progress in a pipe', () => {
  it('is four plain lines for a file', () => {
    const pipe = screen(false);
    const show = progressOn(pipe);
    for (let done = 0; done <= 20_000_000; done += 1_000_000) show(at(done));
    show(at(20_000_000, 'config.json', 2));
    expect(pipe.written).toEqual([
      'onnx/model.onnx (1 of 2): 25 % of 20.0 MB\n',
      'onnx/model.onnx (1 of 2): 50 % of 20.0 MB\n',
      'onnx/model.onnx (1 of 2): 75 % of 20.0 MB\n',
      'onnx/model.onnx (1 of 2): 100 % of 20.0 MB\n',
      'config.json (2 of 2): 100 % of 20.0 MB\n',
    ]);
  });
});

describe('sizes', () => {
  it.each([
    [316, '0.3 kB'],
    [64_200, '64.2 kB'],
    [3_659_407, '3.7 MB'],
  ])('%i', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });
});

describe('steps', () => {
  const STEPS = [
    { what: 'looking at yard', number: 1, of: 2 },
    { what: 'looking at the long drive behind the house', number: 2, of: 2 },
  ];

  it('are a bar on a terminal, no wider than it, which goes with the last', () => {
    const terminal = screen(true, 42);
    for (const now of [...STEPS, undefined]) stepsOn(terminal)(now);
    expect(terminal.written).toEqual([
      '\r\x1b[K1 of 2  ░░░░░░░░░░   0 %  looking at yard',
      '\r\x1b[K2 of 2  █████░░░░░  50 %  looking at the ',
      '\r\x1b[K',
    ]);
  });

  it('are lines in a pipe', () => {
    const pipe = screen(false);
    for (const now of [...STEPS, undefined]) stepsOn(pipe)(now);
    expect(pipe.written).toEqual(['looking at yard …\n', 'looking at the long drive behind the house …\n']);
  });
});
