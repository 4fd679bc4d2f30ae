/** How many things may be in a picture. */
const THINGS = 60;
export const DIMENSIONS = 512;
const POOL = 1 << 20;

/**
 * Made-up vectors of pictures and texts, as a model lays them that compares both: pictures have most in common with each
 * other (0.6 of cosine), more with those of the same camera (0.85), and differ by one or two things and by chance; texts lie
 * far from all of them, a little nearer to those that show what they name. The same every time.
 */
export class Likenesses {
  readonly #noise = new Float32Array(POOL);
  readonly #picture: Float32Array;
  readonly #text: Float32Array;
  readonly #cameras: Float32Array[];
  readonly #things: Float32Array[];
  #state = 0x2545f491;

  constructor(cameras: number) {
    for (let i = 0; i < POOL; i++) {
      this.#noise[i] = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    }
    const direction = () => unit(this.#chance());
    this.#picture = direction();
    this.#text = direction();
    this.#cameras = Array.from({ length: cameras }, direction);
    this.#things = Array.from({ length: THINGS }, direction);
  }

  picture(camera: number): Float32Array {
    const chance = unit(this.#chance());
    return this.#sum([
      [0.7, this.#picture],
      [0.45, this.#cameras[camera]],
      [0.1 + 0.25 * this.#random(), this.#thing()],
      [0.2 * this.#random(), this.#thing()],
      [0.25, chance],
    ]);
  }

  text(): Float32Array {
    return this.#sum([
      [0.8, this.#text],
      [0.15, this.#picture],
      [0.35, this.#things[Math.floor(this.#random() * THINGS)]],
      [0.2, unit(this.#chance())],
    ]);
  }

  /** Some things are to be seen much oftener than others. */
  #thing(): Float32Array | undefined {
    return this.#things[Math.floor(THINGS ** this.#random()) - 1];
  }

  #sum(parts: readonly (readonly [number, Float32Array | undefined])[]): Float32Array {
    const sum = new Float32Array(DIMENSIONS);
    for (const [share, part] of parts) {
      for (let i = 0; i < DIMENSIONS; i++) sum[i] = (sum[i] ?? 0) + share * (part?.[i] ?? 0);
    }
    return unit(sum);
  }

  #chance(): Float32Array {
    const from = Math.floor(this.#random() * (POOL - DIMENSIONS));
    return this.#noise.slice(from, from + DIMENSIONS);
  }

  /** 0–1 (xorshift). */
  #random(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares) || 1;
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
}
