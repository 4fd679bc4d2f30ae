import type { Parcel } from '../target.ts';

/** What an object in a bucket is called, and what is said of it. */
export interface ObjectName {
  key: string;
  contentType: string;
  /** Plain ASCII, as headers want it. */
  metadata: Record<string, string>;
}

const FORMS = {
  alert: { ending: 'jsonl', contentType: 'application/x-ndjson' },
  records: { ending: 'jsonl', contentType: 'application/x-ndjson' },
  picture: { ending: 'jpg', contentType: 'image/jpeg' },
  clip: { ending: 'mp4', contentType: 'video/mp4' },
  segment: { ending: 'm4s', contentType: 'video/iso.segment' },
} as const;

/**
 * `<prefix>/<box>/<camera>/<yyyy>/<mm>/<dd>/<hhmmss.mmm>Z-<kind>-<ref>.<ending>`, in UTC, so that names sort by time; what
 * is about several cameras has `all` in place of one. The same for the same parcel, and of no other.
 */
export function objectOf(prefix: string, parcel: Parcel): ObjectName {
  const { kind, key, streamId = 'all', startMs, endMs } = parcel;
  const [box = '', , ...ref] = key.split('/');
  const [day = '', time = ''] = new Date(startMs).toISOString().split('T');
  const { ending, contentType } = FORMS[kind];
  const name = `${time.replaceAll(':', '')}-${kind}-${safe(ref.join('-'))}.${ending}`;
  return {
    key: [...folder(prefix), safe(box), safe(streamId), ...day.split('-'), name].join('/'),
    contentType,
    metadata: {
      'watchpost-key': encodeURI(key),
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
      ...(parcel.kind === 'segment' && { init: initOf(prefix, parcel).key }),
      ...('stream' in parcel.facts && { camera: encodeURIComponent(parcel.facts.stream.name) }),
    },
  };
}

/** The file without which a segment doesn't play: one for each session of its camera, beside the camera's years. */
export function initOf(prefix: string, { key, facts }: Parcel & { kind: 'segment' }): ObjectName {
  const [box = ''] = key.split('/');
  const name = `${safe(String(facts.session.id))}.mp4`;
  return {
    key: [...folder(prefix), safe(box), safe(facts.stream.id), 'init', name].join('/'),
    contentType: 'video/mp4',
    metadata: { ...(facts.session.codecs && { codecs: facts.session.codecs }) },
  };
}

/** What all names of a box begin with. */
export function boxFolder(prefix: string, { key }: Parcel): string {
  return [...folder(prefix), safe(key.split('/', 1)[0] ?? ''), ''].join('/');
}

/** A parcel without a body as lines of JSON, each an object with the one key that says what it is. */
export function linesOf(parcel: Parcel): Buffer {
  const lines: Record<string, unknown>[] = [];
  if (parcel.kind === 'records') {
    const { streams, indexes, scenes, transcripts } = parcel.facts;
    lines.push(...streams.map((stream) => ({ stream })), ...indexes.map((index) => ({ index })));
    lines.push(...scenes.map((scene) => ({ scene })), ...transcripts.map((transcript) => ({ transcript })));
  } else lines.push({ [parcel.kind]: parcel.facts });
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function folder(prefix: string): string[] {
  return prefix === '' ? [] : [prefix];
}

/** What needs no quoting anywhere. */
function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '-');
}
