import { fileURLToPath } from 'node:url';
import { Child } from '#runtime';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/** A `watchpost` command that goes on until it is ended. */
export interface Running extends AsyncDisposable {
  child: Child;
  /** Both outputs, as far as they have come. */
  said(): string;
  /** What it has printed as lines of JSON. */
  lines(): Record<string, unknown>[];
}

export async function running(
  args: readonly string[],
  options: { env?: Record<string, string>; terminal?: boolean } = {},
): Promise<Running> {
  const argv = [process.execPath, MAIN, ...args];
  const [program = '', ...rest] = options.terminal ? ['script', '-qefc', argv.join(' '), '/dev/null'] : argv;
  const env = { ...process.env, WATCHPOST_TOKEN: '', NO_COLOR: '1', ...options.env };
  const child = await Child.start(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], env });
  const outputs = { all: '', printed: '' };
  const { stdout, stderr } = child.process;
  stdout?.on('data', (chunk: Buffer) => {
    outputs.printed += chunk.toString();
  });
  for (const stream of [stdout, stderr])
    stream?.on('data', (chunk: Buffer) => {
      outputs.all += chunk.toString();
    });
  const jsonLines = () => outputs.printed.split('\n').filter((line) => line.startsWith('{'));
  return {
    child,
    said: () => outputs.all,
    lines: () => jsonLines().flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : [])),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
