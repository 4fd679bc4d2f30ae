import type { Asks, Picture, Task } from './protocol.ts';

const WHOLE = { x1: 0.3, y1: 0.2, x2: 0.6, y2: 0.9 };
const SECOND = 16_000;

/** A question such as a camera gives rise to, for each task: always the same, so that answers can be compared. */
const QUESTIONS: { readonly [T in Task]: () => Asks[T] } = {
  'object-detection': () => ({ picture: picture(), minScore: 0.01 }),
  'face-detection': () => ({ picture: picture(), minScore: 0.01 }),
  'person-embedding': () => ({ picture: picture(), boxes: [WHOLE] }),
  'text-detection': () => ({ picture: picture() }),
  'text-recognition': () => ({ picture: picture(), boxes: [WHOLE] }),
  'image-embedding': () => ({ picture: picture() }),
  'image-text': () => ({ picture: picture(), texts: ['a photo of a street'] }),
  'image-to-text': () => ({ pictures: [picture()], instruction: 'Describe the picture.', mostTokens: 24 }),
  'voice-activity': () => ({ samples: sound(1).subarray(0, 31 * 512), state: undefined }),
  'audio-classification': () => ({ samples: sound(1), minScore: 0.01 }),
  'speech-recognition': () => ({ samples: sound(5), language: undefined }),
  'text-generation': () => ({ instructions: 'Answer briefly.', request: 'What is a street?', mostTokens: 24 }),
};

export function typicalQuestion<T extends Task>(task: T): Asks[T] {
  return QUESTIONS[task]();
}

/** Slopes, stripes and squares, as a small camera picture has them. */
function picture(): Picture {
  const [width, height] = [640, 360];
  const rgb = new Uint8Array(width * height * 3);
  for (let at = 0, y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const square = ((x >> 6) + (y >> 5)) % 3;
      rgb[at] = (x * 255) / width;
      rgb[at + 1] = square * 90 + (y & 15);
      rgb[at + 2] = ((x * y) >> 5) & 255;
    }
  }
  return { width, height, rgb };
}

/** Two tones that swell. */
function sound(seconds: number): Int16Array {
  const at = (i: number) => Math.sin(i / 7) * Math.sin(i / 900) + Math.sin(i / 31) * 0.4;
  return Int16Array.from({ length: seconds * SECOND }, (_, i) => at(i) * 9000);
}
