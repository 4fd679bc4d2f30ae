import { styleText } from 'node:util';

type Colour = 'dim' | 'cyan' | 'green' | 'yellow' | 'red' | 'bold';

/** Lines as things happen and, on a terminal, one line below them that is written over. */
export class Screen {
  #out: NodeJS.WriteStream;
  #footer = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  line(mark: string, text: string, colour: Colour = 'dim'): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.#erase();
    this.#out.write(`${this.#styled('dim', time)}  ${this.#styled(colour, mark.padEnd(8))} ${text}\n`);
    this.#out.write(this.#footer);
  }

  text(text: string): void {
    this.#erase();
    this.#out.write(`${text}\n${this.#footer}`);
  }

  /** On a terminal only: where things stand now. */
  footer(text: string): void {
    if (!this.#out.isTTY) return;
    this.#erase();
    this.#footer = text.slice(0, (this.#out.columns || 80) - 1);
    this.#out.write(this.#footer);
  }

  #erase(): void {
    if (this.#footer !== '') this.#out.write('\r\x1b[K');
  }

  #styled(colour: Colour, text: string): string {
    return this.#out.isTTY && !process.env['NO_COLOR'] ? styleText(colour, text) : text;
  }
}

/** `[█████░░░░░]` */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${'█'.repeat(full)}${'░'.repeat(width - full)}]`;
}
