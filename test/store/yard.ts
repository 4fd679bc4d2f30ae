/** Many scenes of a few days, and the ways of finding them by their vectors. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { CodeKeeper } from '../../src/store/search/code-keeper.ts';
import { Codes } from '../../src/store/search/codes.ts';
import { KeptCodes } from '../../src/store/search/kept-codes.ts';
import { Slabs } from '../../src/store/search/slabs.ts';
import { VectorReader } from '../../src/store/search/vector-reader.ts';
import { quantise } from '../../src/store/search/vector-tables.ts';
import { aCamera, aScene, DAY, NOON, openStore } from './fixture.ts';
import { numbers } from './numbers.ts';

export const ANY = { model: 'm', stream: null, collection: null, box: null, index: null, start: null, end: null };
export const EVERYTHING = -1;
export const DIMENSIONS = 64;

/** Two cameras, so many scenes each on each of three days, and both ways of finding them. */
export async function yard(perDay: number, { bytes = 1 << 24, dimensions = DIMENSIONS } = {}) {
  const opened = await openStore();
  const { store } = opened;
  const cameras = [aCamera(store), aCamera(store)];
  const random = numbers(5);
  const direction = () => Float32Array.from({ length: dimensions }, () => random() - 0.5);
  const usual = cameras.map(direction);
  const likely = (camera: number) => {
    const [middle, rest] = [usual[camera] ?? direction(), direction()];
    return middle.map((value, i) => value + 0.5 * (rest[i] ?? 0));
  };
  const add = (camera: number, startMs: number, vector: Float32Array = likely(camera)) => {
    const { index } = cameras[camera] ?? aCamera(store);
    return store.scenes.add(aScene(index, { startMs, endMs: startMs + 5000 }), vector, 'm');
  };
  for (let day = 2; day >= 0; day--) {
    for (let n = 0; n < perDay * 2; n++) add(n % 2, NOON - day * DAY + Math.floor(n / 2) * 5000);
  }
  const sql = new Database(join(opened.dir, 'watchpost.db'), { readonly: true });
  sqliteVec.load(sql);
  const slabs = new Slabs(bytes);
  const codes = { vectors: new Codes(sql, 'vectors', slabs), pictures: new Codes(sql, 'pictures', slabs) };
  const kept = new KeptCodes(join(opened.dir, 'codes'));
  const keeper = new CodeKeeper(sql, { codes, slabs, kept }, async () => undefined);
  const keep = async () => {
    let complete = false;
    await keeper.run((status) => {
      complete = status.complete;
    });
    return complete;
  };
  const connection = { sql, hasVectors: true };
  const [coded, plain] = [
    new VectorReader(connection, 'vectors', codes.vectors),
    new VectorReader(connection, 'vectors'),
  ];
  const ids = async (reader: VectorReader, vector: Float32Array, filter: object, limit: number, least: number) => {
    const found = await reader.nearest(quantise(vector) ?? Buffer.of(), { ...ANY, ...filter }, { limit, least });
    return found.map(({ id }) => id);
  };
  return {
    store,
    cameras,
    codes: codes.vectors,
    kept,
    sql,
    /** As after a start. */
    another: () => new Codes(sql, 'vectors', new Slabs(bytes)),
    keep,
    add,
    likely,
    dir: opened.dir,
    find: (vector: Float32Array, filter = {}, limit = 10, least = EVERYTHING) =>
      ids(coded, vector, filter, limit, least),
    exactly: (vector: Float32Array, filter = {}, limit = 10, least = EVERYTHING) =>
      ids(plain, vector, filter, limit, least),
    async [Symbol.asyncDispose]() {
      sql.close();
      await opened[Symbol.asyncDispose]();
    },
  };
}
