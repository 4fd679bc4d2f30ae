import { describe, expect, it } from 'vitest';
import type { Picture } from '../../src/inference/protocol.ts';
import { Shelf } from '../../src/inference/shelf.ts';

const picture = (): Picture => ({ width: 10, height: 10, rgb: new Uint8Array(300) });

describe('pictures at the other end', () => {
  it('cross once, however often they are looked at', () => {
    const shelf = new Shelf(1000);
    const one = picture();
    expect(shelf.place(one)).toEqual({ id: 1, there: false, forget: [] });
    expect(shelf.place({ ...one })).toEqual({ id: 1, there: true, forget: [] });
  });

  it('are forgotten when there is no room, the one that was looked at longest ago first', () => {
    const shelf = new Shelf(1000);
    const all = [picture(), picture(), picture()] as const;
    for (const one of all) shelf.place(one);
    shelf.place(all[0]);
    expect(shelf.place(picture())).toEqual({ id: 4, there: false, forget: [2] });
    expect(shelf.place(all[0])).toMatchObject({ there: true });
    expect(shelf.place(all[1])).toEqual({ id: 5, there: false, forget: [3] });
  });

  it('are taken even when one is larger than all the room', () => {
    const shelf = new Shelf(100);
    shelf.place(picture());
    expect(shelf.place(picture())).toEqual({ id: 2, there: false, forget: [1] });
  });
});
