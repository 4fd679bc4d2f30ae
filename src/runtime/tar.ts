const BLOCK = 512;

/** A tar archive (ustar) of small files, one after the other as they come. Names have at most 100 bytes of ASCII. */
export async function* tarOf(
  files: AsyncIterable<{ name: string; content: string }>,
  nowMs: number,
): AsyncGenerator<Buffer> {
  for await (const { name, content } of files) {
    const bytes = Buffer.from(content);
    yield header(name, bytes.length, nowMs);
    yield bytes;
    yield Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header(name: string, size: number, nowMs: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, '0');
  block.write(name, 0, 100, 'ascii');
  block.write(octal(0o600, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(Math.floor(nowMs / 1000), 12), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}
