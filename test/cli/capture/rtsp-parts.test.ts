import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type RtspPart, RtspParts } from '../../../src/cli/capture/rtsp-parts.ts';

const announce = 'ANNOUNCE rtsp://box/x RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 5';
const record = 'RECORD rtsp://box/x RTSP/1.0\r\nCSeq: 3';
/** A packet may hold anything, also what looks like the end of a head. */
const packet = Buffer.from('$\x01\x00\x06a\r\n\r\nb', 'latin1');
const whole = Buffer.concat([Buffer.from(`${announce}\r\n\r\nv=0\r\n${record}\r\n\r\n`), packet, packet]);
const parts: RtspPart[] = [
  { head: announce, body: Buffer.from('v=0\r\n') },
  { head: record, body: Buffer.alloc(0) },
  { packet },
  { packet },
];

it('gives the same parts however they are cut on their way', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const reader = new RtspParts();
      const got = places.slice(1).flatMap((end, at) => reader.push(whole.subarray(places[at], end)));
      expect(got).toEqual(parts);
    }),
  );
});

it('takes neither a head nor a body without end', () => {
  expect(() => new RtspParts().push(Buffer.alloc(20_000, 'x'))).toThrow(/no RTSP/);
  expect(() => new RtspParts().push(Buffer.from('A b RTSP/1.0\r\nContent-Length: 9999999\r\n\r\n'))).toThrow(
    /too large/,
  );
});
