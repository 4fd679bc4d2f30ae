import type { HubSocket, LiveFrame } from '#delivery';

/** A socket whose client reads at once, or only when told to. */
export class FakeSocket implements HubSocket {
  readonly sent: string[] = [];
  /** Nothing leaves by itself. */
  stuck = false;
  goodbye: [code: number, reason: string] | undefined;
  terminated = false;
  onSend: () => unknown = () => undefined;
  #waiting: { bytes: number; sent: () => void }[] = [];

  send(text: string, sent: () => void): void {
    this.sent.push(text);
    if (this.stuck) this.#waiting.push({ bytes: text.length, sent });
    else sent();
    this.onSend();
  }

  get bufferedBytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  close(code: number, reason: string): void {
    this.goodbye ??= [code, reason];
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Fills the buffer with something else. */
  jam(bytes: number): void {
    this.#waiting.push({ bytes, sent: () => undefined });
  }

  /** The client takes the oldest frame that waits. */
  takeOne(): void {
    this.#waiting.shift()?.sent();
  }

  get longest(): number {
    return Math.max(...this.sent.map((text) => Buffer.byteLength(text)));
  }

  taken(): unknown[] {
    return this.sent.map((text) => JSON.parse(text));
  }

  /** What came after the greeting. */
  events(): (LiveFrame & { seq: number; data: { text?: string } })[] {
    return this.sent.slice(1).map((text) => JSON.parse(text));
  }

  texts(): (string | undefined)[] {
    return this.events().map(({ data }) => data.text);
  }
}
