import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtspMedia } from '../../src/ingest/rtsp-media.ts';
import { RtspWire } from '../../src/ingest/rtsp-wire.ts';

function frame(channel: number, payload: Buffer): Buffer {
  const head = Buffer.from([0x24, channel, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function request(method: string, body: string): Buffer {
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} rtsp://box/rts-1/k RTSP/1.0\r\nCSeq: 7\r\n${length}\r\n${body}`);
}

const messages = fc.array(
  fc.oneof(
    fc.record({ channel: fc.nat(255), payload: fc.uint8Array({ maxLength: 200 }) }),
    fc.record({ method: fc.constantFrom('OPTIONS', 'SETUP', 'ANNOUNCE'), body: fc.string({ maxLength: 80 }) }),
  ),
  { maxLength: 8 },
);

describe('RTSP on a connection', () => {
  it('says the same however it is cut', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(
          sent.map((one) =>
            'method' in one ? request(one.method, one.body) : frame(one.channel, Buffer.from(one.payload)),
          ),
        );
        const wire = new RtspWire();
        const taken = [];
        for (let at = 0, n = 0; at < bytes.length; n += 1) {
          const next = at + (cuts[n % cuts.length] ?? 1);
          taken.push(...wire.take(bytes.subarray(at, next)));
          at = next;
        }
        expect(
          taken.map((one) => ('method' in one ? [one.method, one.body] : [one.channel, one.bytes.subarray(4)])),
        ).toEqual(
          sent.map((one) => ('method' in one ? [one.method, one.body] : [one.channel, Buffer.from(one.payload)])),
        );
      }),
    );
  });

  it('is bounded', () => {
    const take = (data: string) => [...new RtspWire().take(Buffer.from(data))];
    expect(() => take('A'.repeat(20_000))).toThrow('head');
    expect(() => take('ANNOUNCE rtsp://b/ RTSP/1.0\r\nContent-Length: 70000\r\n\r\n')).toThrow('body');
    expect(() => take('ANNOUNCE rtsp://b/ RTSP/1.0\r\nContent-Length: -1\r\n\r\n')).toThrow('body');
    expect(() => take('ANNOUNCE rtsp://b/ RTSP/1.0\r\nContent-Length: x\r\n\r\n')).toThrow('body');
    expect(() => take('GET / HTTP/1.1\r\n\r\n')).toThrow('no RTSP');
    expect(take('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nOPTIONS * RTSP/1.0\r\n\r\n')).toHaveLength(1);
  });
});

describe('a session description', () => {
  const description = [
    'v=0',
    'o=bob 1 1 IN IP4 203.0.113.7',
    's=Desk',
    'c=IN IP4 203.0.113.7',
    't=0 0',
    'a=control:*',
    'm=video 5004 RTP/AVP 96',
    'a=rtpmap:96 H264/90000',
    'a=control:streamid=0',
    'm=audio 0 RTP/AVP 97',
    'a=control:rtsp://box/rts-1/k/streamid=1',
    '',
  ].join('\r\n');

  it('is given to readers with tracks by number, and without where the publisher is', () => {
    const media = new RtspMedia(description);
    expect(media.description).not.toMatch(/203\.0|bob|5004|streamid/);
    expect(media.description).toContain('a=rtpmap:96 H264/90000\r\n');
    expect(media.description.match(/a=control:.*/g)).toEqual(['a=control:track0', 'a=control:track1']);
    expect(media.trackAt('rtsp://box:8554/rts-1/k/streamid=0')).toBe(0);
    expect(media.trackAt('rtsp://box/rts-1/k/streamid=1')).toBe(1);
    expect(media.trackAt('rtsp://box/rts-1/k/else')).toBeUndefined();
    expect(media.trackNamed('rtsp://127.0.0.1/rts-1/r/track1')).toBe(1);
    expect(media.trackNamed('rtsp://127.0.0.1/rts-1/r/track2')).toBeUndefined();
  });

  it.each(['\r', '\n ', '\0', '\r\n\t', '\n\n'])('hides no line from us that a reader would see, after %j', (end) => {
    const hidden = ['a=control:rtsp://203.0.113.7/', 'c=IN IP4 203.0.113.7', 'm=audio 5006 RTP/AVP 0', '203.0.113.7'];
    const { description: given } = new RtspMedia(`m=video 0 RTP/AVP 96${end}${hidden.join(end)}`);
    expect(given).toBe(
      [
        'm=video 0 RTP/AVP 96',
        'a=control:track0',
        'c=IN IP4 0.0.0.0',
        'm=audio 0 RTP/AVP 0',
        'a=control:track1',
        '',
      ].join('\r\n'),
    );
  });

  it('has at least one track, and not many', () => {
    expect(() => new RtspMedia('v=0\r\n')).toThrow('tracks');
    expect(() => new RtspMedia('m=video 0 RTP/AVP 96\n'.repeat(9))).toThrow('tracks');
    expect(new RtspMedia('m=audio 0 RTP/AVP 0').trackAt('rtsp://box/rts-1/k')).toBe(0);
  });
});
