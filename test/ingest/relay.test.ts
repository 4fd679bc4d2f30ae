import { describe, expect, it } from 'vitest';
import type { PushedStream } from '../../src/ingest/messages.ts';
import type { Publisher } from '../../src/ingest/publication.ts';
import { placeOf, Refusal, Relay } from '../../src/ingest/relay.ts';

class Somebody implements Publisher {
  readonly address: string;
  ended = 0;
  letGo = 0;

  constructor(address: string) {
    this.address = address;
  }

  end(): void {
    this.ended += 1;
  }

  letReadersGo(): void {
    this.letGo += 1;
  }
}

const YARD: PushedStream = { id: 'rts-yard', protocol: 'rtmp', key: 'right' };
const READ_KEY = 'inside';

function open() {
  const clock = { atMs: 0, monotonicMs: () => clock.atMs };
  const said: [id: string, publishing: boolean][] = [];
  const notes: string[] = [];
  const relay = new Relay<Somebody>(
    { publishing: (id, publishing) => said.push([id, publishing]), note: (text) => notes.push(text) },
    clock,
  );
  relay.setStreams([YARD]);
  /** Seconds, in which it is looked after as usual. */
  const pass = (seconds: number) => {
    for (let n = 0; n < seconds; n += 1) {
      clock.atMs += 1000;
      relay.look();
    }
  };
  const publish = (key = 'right', id = YARD.id) => {
    const publisher = new Somebody(`publisher ${said.length}`);
    return { publisher, publication: relay.publish({ id, key }, publisher) };
  };
  return { clock, relay, said, notes, pass, publish };
}

describe('who may publish', () => {
  it('is whoever has the key of a stream that may be published', () => {
    const { relay, publish } = open();
    expect(() => publish('wrong')).toThrow(Refusal);
    expect(() => publish('right', 'rts-gate')).toThrow(Refusal);
    expect(() => publish('')).toThrow(Refusal);
    expect(publish().publication.holds).toBe(true);
    relay.setStreams([]);
    expect(() => publish()).toThrow(Refusal);
  });

  it('is one at a time', () => {
    const { publish, pass } = open();
    const { publication, publisher } = publish();
    for (let n = 0; n < 20; n += 1) {
      publication.came();
      pass(1);
      expect(() => publish()).toThrow('somebody publishes this stream already');
    }
    expect(publisher.ended).toBe(0);
  });

  it('is the next one when the first has been silent, also before its first packet', () => {
    const { publish, pass, said } = open();
    const first = publish();
    pass(6);
    const second = publish();
    expect(first.publisher.ended).toBe(1);
    second.publication.came();
    pass(6);
    const third = publish();
    expect(second.publisher.ended).toBe(1);
    third.publication.came();
    first.publication.came(); // What was on its way.
    expect(said).toEqual([
      [YARD.id, true],
      [YARD.id, false],
      [YARD.id, true],
    ]);
  });

  it('is the next one at once when the first has gone', () => {
    const { publish, relay } = open();
    const { publication, publisher } = publish();
    publication.came();
    relay.leave({ id: YARD.id, key: 'right' }, publication);
    expect(publisher.letGo).toBe(1);
    expect(publish().publication.holds).toBe(true);
  });

  it('is nobody with the old key any more when it has another', () => {
    const { publish, relay, said } = open();
    const { publication, publisher } = publish();
    publication.came();
    relay.setStreams([YARD, { ...YARD, id: 'rts-gate' }]);
    expect(publisher.ended).toBe(0);
    relay.setStreams([{ ...YARD, key: 'new' }]);
    expect(publisher.ended).toBe(1);
    expect(said.at(-1)).toEqual([YARD.id, false]);
    expect(() => publish()).toThrow(Refusal);
    expect(publish('new').publication.holds).toBe(true);
  });

  it('fills no log by guessing', () => {
    const { publish, notes } = open();
    for (let n = 0; n < 1000; n += 1) expect(() => publish('wrong')).toThrow(Refusal);
    expect(notes).toHaveLength(1);
  });
});

describe('a publisher that sends nothing', () => {
  it('is no longer read after five seconds, may come back, and is thrown off after thirty', () => {
    const { publish, pass, said } = open();
    const { publication, publisher } = publish();
    publication.came();
    pass(6);
    expect(said.at(-1)).toEqual([YARD.id, false]);
    expect(publisher.letGo).toBe(1);
    publication.came();
    expect(said.at(-1)).toEqual([YARD.id, true]);
    pass(29);
    expect(publisher.ended).toBe(0);
    pass(3);
    expect(publisher.ended).toBe(1);
  });

  it('is excused when it was the box that slept', () => {
    const { publish, relay, clock, said } = open();
    const { publication, publisher } = publish();
    publication.came();
    clock.atMs += 60_000;
    relay.look();
    expect(said).toEqual([[YARD.id, true]]);
    expect(publisher.ended).toBe(0);
  });
});

describe('who may read', () => {
  it('is this machine, with the key for it, what is published', () => {
    const { publish, relay } = open();
    const place = { id: YARD.id, key: `${READ_KEY}-7` };
    expect(() => relay.readable(place, READ_KEY)).toThrow('nobody publishes');
    const { publication } = publish();
    publication.came();
    expect(relay.readable(place, READ_KEY)).toBe(publication);
    expect(() => relay.readable({ id: YARD.id, key: 'right' }, READ_KEY)).toThrow(Refusal);
    expect(() => relay.readable({ id: YARD.id, key: '' }, READ_KEY)).toThrow(Refusal);
    // Where publishers come in nothing is read.
    expect(() => relay.readable(place, undefined)).toThrow(Refusal);
  });
});

it('a place is the end of a path, however a client divides it', () => {
  for (const path of ['/rts-1/k', 'rts-1/k', '//rts-1//k/', 'live/rts-1/k']) {
    expect(placeOf(path)).toEqual({ id: 'rts-1', key: 'k' });
  }
  expect(placeOf('')).toEqual({ id: '', key: '' });
});
