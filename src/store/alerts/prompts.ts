import type { Statement } from 'better-sqlite3';
import type { Meant } from '#domain';
import type { Connection } from '../connection.ts';

/** Prompts of all events are fewer; the others were tried once. */
const MOST_KEPT = 500;

interface Row {
  sentence: string;
  model: string;
  scale: number;
  texts: string;
  vectors: Buffer;
}

/** Sentences of prompts as models compare pictures with them, so that nothing is made anew at each start. */
export class Prompts {
  readonly #connection: Connection;
  readonly #get: Statement<[string, string], Row>;
  readonly #put: Statement<Row>;
  readonly #prune: Statement<[number]>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#get = sql.prepare('SELECT * FROM prompt_vectors WHERE sentence = ? AND model = ?');
    this.#put = sql.prepare(`
      INSERT OR REPLACE INTO prompt_vectors (sentence, model, scale, texts, vectors)
      VALUES (@sentence, @model, @scale, @texts, @vectors)`);
    this.#prune = sql.prepare(
      'DELETE FROM prompt_vectors WHERE id <= (SELECT id FROM prompt_vectors ORDER BY id DESC LIMIT 1 OFFSET ?)',
    );
  }

  get(sentence: string, model: string): Meant | undefined {
    const row = this.#get.get(sentence, model);
    return row && meantOf(row);
  }

  put(sentence: string, { model, scale, texts, vectors }: Meant): void {
    const bytes = Buffer.concat(
      vectors.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    );
    this.#connection.write(() => {
      this.#put.run({ sentence, model, scale, texts: JSON.stringify(texts), vectors: bytes });
      this.#prune.run(MOST_KEPT);
    });
  }
}

function meantOf({ model, scale, texts: json, vectors }: Row): Meant {
  const texts: string[] = JSON.parse(json);
  // A copy: SQLite gives bytes that begin anywhere.
  const floats = new Float32Array(new Uint8Array(vectors).buffer);
  const length = floats.length / texts.length;
  return { model, scale, texts, vectors: texts.map((_, i) => floats.subarray(i * length, (i + 1) * length)) };
}
