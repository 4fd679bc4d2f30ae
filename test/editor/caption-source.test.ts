import { describe, expect, it } from 'vitest';
import { captionColor, checkedAss } from '../../src/editor/caption-source.ts';
import { assOf } from '../../src/editor/text-layer.ts';
import { boundsOf, CANVAS, captions, draw, layer, RED } from './drawing.ts';

const WHITE = [255, 255, 255];

const HEAD = '[Script Info]\nScriptType: v4.00+\nPlayResX: 320\nPlayResY: 180\n';
const STYLES =
  '[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, Alignment\nStyle: Default,DejaVu Sans,40,&H000000FF,5\n';
const EVENTS = '[Events]\nFormat: Layer, Start, End, Style, Text\n';
const LINE = 'Dialogue: 0,0:00:01.00,0:00:02.00,Default,Hello, you\n';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('captions that a client brings', () => {
  it('are drawn as they are', async () => {
    const ass = checkedAss(base64(HEAD + STYLES + EVENTS + LINE));
    const drawn = await assOf(layer(captions('not this', { ass })), CANVAS);
    expect(drawn).toBe(HEAD + STYLES + EVENTS + LINE);
    expect(boundsOf(draw(drawn, 1500), RED).count).toBeGreaterThan(500);
    expect(boundsOf(draw(drawn, 500), RED).count).toBe(0);
  });

  it('are taken with a mark at their beginning, any ends of lines, and broken base64', () => {
    const text = `\ufeff${HEAD}${STYLES}${EVENTS}${LINE}`.replaceAll('\n', '\r\n');
    const wrapped = base64(text).replace(/.{76}/g, '$&\r\n');
    expect(checkedAss(wrapped)).toBe(HEAD + STYLES + EVENTS + LINE);
  });

  it('are drawn without a head and without styles, too', () => {
    const bare = checkedAss(base64(EVENTS + LINE.replace('Default', 'None')));
    expect(boundsOf(draw(bare, 1500), WHITE, 120).count).toBeGreaterThan(30);
  });

  it('lose embedded fonts and pictures, comments and sections of other programs', () => {
    const more =
      '[Fonts]\nfontname: evil.ttf\n!!!"#\n[Graphics]\nfilename: a.bmp\n[Aegisub Project Garbage]\nAudio File: /etc/passwd\n';
    const noisy = `; made by hand\n${HEAD}!: note\n${more}${STYLES}${EVENTS}Comment: 0,0:00:00.00,0:00:01.00,Default,x\nPicture: 0,0:00:00.00,0:00:01.00,Default,/etc/passwd\n${LINE}${more}`;
    expect(checkedAss(base64(noisy))).toBe(HEAD + STYLES + EVENTS + LINE);
  });

  it.each([
    ['neither', 'what is it?', 'src: neither "auto" nor base64'],
    ['nothing at great length', `${' '.repeat(2 << 20)}!`, 'src: neither "auto" nor base64'],
    ['no text', Buffer.from([0xff, 0xfe, 0x00, 0xd8]).toString('base64'), 'src: not UTF-8 text'],
    ['without events', base64(HEAD + STYLES), 'src: no [Events] section'],
    ['without lines', base64(HEAD + EVENTS), 'src: no Dialogue line'],
    ['without a format', base64(`${HEAD}[Events]\n${LINE}`), 'src: the Format line of [Events] lacks start'],
    ['with too few fields', base64(`${HEAD}${EVENTS}Dialogue: 0,0:00:01.00\n`), 'src: line 7: fewer fields'],
    ['with wrong times', base64(HEAD + EVENTS + LINE.replace('0:00:02.00', 'soon')), 'line 7: end "soon" is no time'],
    ['too large', 'A'.repeat(3 << 20), 'src: larger than 2 MiB'],
    ['too many', base64(HEAD + EVENTS + LINE.repeat(20_001)), 'src: more than 20000 Dialogue lines'],
  ])('are refused where they are %s', (_, src, message) => {
    expect(() => checkedAss(src)).toThrow(message);
  });
});

describe('a colour of captions', () => {
  it.each([
    ['&H80FF00aa', '&H80FF00AA'],
    ['&HFF00AA', '&H00FF00AA'],
    ['&h80ff00aa&', '&H80FF00AA'],
  ])('%s is %s', (color, as) => {
    expect(captionColor(color)).toBe(as);
  });

  it.each(['', '#ffffff', '&HFFFFF', '&H00FFFFFF,0', 'white'])('"%s" is none', (color) => {
    expect(() => captionColor(color)).toThrow('must be &HAABBGGRR');
  });
});
