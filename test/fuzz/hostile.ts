import fc, { type Arbitrary } from 'fast-check';

const LONG = 100_000;
const DEEP = 10_000;

/** Text that breaks what was not written for it. Addresses among it lead nowhere. */
export const hostileText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...['', ' ', '\0', 'a\0b', '\r\nX-Evil: 1', '\u202e', '\ufeff', '\ud800', 'a\udfff', '\u{1f600}'.repeat(50)],
    ...[
      'NaN',
      'Infinity',
      '-Infinity',
      '1e400',
      '-0',
      '0x10',
      '1e21',
      '9007199254740993',
      '00',
      '1_000',
      'null',
      'undefined',
    ],
    ...[
      'true',
      '[object Object]',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '$where',
      '{{7*7}}',
      '<%= 7 %>',
    ],
    ...[
      "' OR 1=1 --",
      '"; DROP TABLE streams; --',
      '%',
      '_',
      '*',
      '"',
      "'",
      '\\',
      'a" NEAR b',
      'AND',
      'NOT',
      '(',
      'a AND (',
    ],
    ...[
      '../../../etc/passwd',
      '..\\..\\x',
      '/etc/passwd',
      'file:///etc/passwd',
      'C:\\x',
      '-i',
      '--',
      '|id',
      '$(id)',
      '`id`',
    ],
    ...[
      'http://127.0.0.1:1/',
      'http://127.0.0.1:1/\0',
      'http://[::1',
      'rtsp://u:p@127.0.0.1:1/s',
      'javascript:alert(1)',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom('x', '\u00e9', '\u{1f600}', '((((', '%00').map((unit) => unit.repeat(Math.ceil(LONG / unit.length))),
);

/** Any JSON, and what only looks like it. */
const hostileValue: Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e308, -1e308, 2 ** 53, Number.MAX_VALUE, 5e-324, [], {}, [
    [],
  ]),
  fc.constantFrom<unknown>([null], [{}], { __proto__: null }, { length: 3 }, { toJSON: 1, valueOf: null }),
  fc.constant(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}')),
  fc.constant(nested(200)),
  fc.constant(Array.from({ length: 20_000 }, () => 0)),
  fc.jsonValue({ maxDepth: 3 }),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Bodies that are no JSON, or JSON that no client writes. */
export const hostileBody: Arbitrary<Buffer> = fc
  .oneof(
    fc.constantFrom<string | Uint8Array>(
      ...[
        '',
        ' ',
        'null',
        'true',
        '0',
        '"text"',
        '[]',
        '[1]',
        '{',
        '}',
        '{"a":',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":1e400}',
      ],
      ...["{'a':1}", '{"a":1,}', '{"a":1}{"a":2}', '{"name":"a","name":["b"]}', '\ufeff{}', '{"name":"\\ud800"}'],
      ...['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', 'a=b&c=d', '<xml/>', '\0'],
      ...['['.repeat(DEEP) + ']'.repeat(DEEP), `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`, '['.repeat(DEEP)],
      ...[
        `{"filter":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
        `{"model_config":${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`,
      ],
      `{"extraction_config":${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)},"prompt":"p"}`,
      `{"query":"q","filter":[${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}]}`,
      Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d),
      Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d),
    ),
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ maxDepth: 4 }),
  )
  .map((body) => Buffer.from(body as string));

/** Forms as uploads are sent, some broken off or without what they need, with the header that belongs to them. */
export const forms: Arbitrary<[Buffer, Record<string, string>]> = fc
  .tuple(
    fc.array(
      fc.tuple(fc.constantFrom('file', 'file', 'name', '', '__proto__'), hostileText, fc.uint8Array({ maxLength: 99 })),
      {
        maxLength: 3,
      },
    ),
    fc.constantFrom('--x--\r\n', '--x--\r\n', '--x', ''),
    fc.constantFrom('x', 'x', '"x"', 'y', ''),
  )
  .map(([parts, end, boundary]) => {
    const texts = parts.map(([name, filename, bytes]) => {
      const head = `Content-Disposition: form-data; name="${name}"; filename="${filename.slice(0, 500)}"`;
      return `--x\r\n${head}\r\n\r\n${Buffer.from(bytes).toString('latin1')}\r\n`;
    });
    return [
      Buffer.from(texts.join('') + end, 'latin1'),
      { 'content-type': `multipart/form-data; boundary=${boundary}` },
    ];
  });

/** A part of a path as it stands in the request line, encoded or deliberately not. */
export const hostileSegment: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '%',
      '%zz',
      '%2',
      '%00',
      '%ff',
      '%c3%28',
      '%ed%a0%80',
      '%2e%2e',
      '..',
      '.',
      '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '%5c..',
    ],
    ...[
      '..%2f..%2f',
      'default',
      '__proto__',
      'constructor',
      'null',
      'undefined',
      '0',
      '-1',
      '1e9',
      ';a=b',
      ':id',
      '{id}',
      '*',
      '%3Fa',
    ],
    ...['%25', '%23', '%0d%0aX-Evil:%201', 'a%20b', '~', '@', '!', '$&', "'", '(', '=', ','],
  ),
  hostileText.map((text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '')).slice(0, 4000)),
);

/** The value with one part of it, at any depth, replaced, taken out or added to. */
export function spoiled(value: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc
    .tuple(value, hostileValue, fc.nat(), fc.constantFrom('replace', 'remove', 'add'))
    .map(([good, bad, where, how]) => spoil(good, bad, where, how));
}

function spoil(value: unknown, bad: unknown, where: number, how: 'replace' | 'remove' | 'add'): unknown {
  if (typeof value !== 'object' || value === null) return bad;
  const keys = Object.keys(value);
  const key = keys[where % Math.max(1, keys.length)];
  if (key === undefined || how === 'add') return Array.isArray(value) ? [...value, bad] : { ...value, extra: bad };
  const inner: unknown = Reflect.get(value, key);
  const deeper = typeof inner === 'object' && inner !== null && where % 3 === 0;
  const changed = deeper ? spoil(inner, bad, Math.floor(where / 3), how) : bad;
  if (Array.isArray(value))
    return value.flatMap((one, i) => (String(i) !== key ? [one] : how === 'remove' ? [] : [changed]));
  const { [key]: _, ...rest } = value as Record<string, unknown>;
  return how === 'remove' ? rest : { ...rest, [key]: changed };
}
