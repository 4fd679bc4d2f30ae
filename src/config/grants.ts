import { isDeepStrictEqual } from 'node:util';
import { at, isGroup, pathText, type Written } from './layers.ts';
import { partOf, type Shape, shapeOfConfig } from './shape.ts';

/** Under which the address of the server stands that a secret beside it is sent to. */
const SERVERS = ['url', 'endpoint'];
/** Secrets that are addresses themselves, and sent nowhere. */
const ADDRESSES = [...SERVERS, 'substream', 'callbackUrl', 'alertUrl'];

/** A change over HTTP: what is written now, what is to be, and what of that whoever asks wrote themselves. */
interface Change {
  now: unknown;
  wanted: unknown;
  given: unknown;
}

interface Wrong {
  path: string;
  message: string;
}

/**
 * What a change would give away that whoever asks for it need not have: a known secret to another server than the one
 * that it is for, and all that may be done here to a hub. Else a key for `control` would open more than that.
 */
export function giveaways({ now, wanted, given }: Change): Wrong[] {
  const known = secretsIn(now);
  const strayed = secretsIn(wanted).filter((secret) => {
    const same = known.filter(({ text }) => text === secret.text);
    const isWritten = !secret.text.includes('${') && at(secret.path, given) === secret.text;
    return same.length > 0 && !isWritten && !same.some(({ goesTo }) => isDeepStrictEqual(goesTo, secret.goesTo));
  });
  return [
    ...strayed.map(({ path }) => ({
      path: pathText(path),
      message: 'must be said again, as it would go to another address',
    })),
    ...openings(now, wanted),
  ];
}

interface Secret {
  path: string[];
  text: string;
  goesTo: unknown[];
}

function secretsIn(value: unknown, shape: Shape | undefined = shapeOfConfig(), path: string[] = []): Secret[] {
  if (!isGroup(value)) return [];
  const goesTo = SERVERS.map((key) => serverOf(value[key]));
  return Object.entries(value).flatMap(([key, member]) => {
    const part = partOf(shape, key);
    if (typeof member !== 'string') return secretsIn(member, part, [...path, key]);
    const isSecret = part?.writeOnly === true && !ADDRESSES.includes(key);
    return isSecret ? [{ path: [...path, key], text: member, goesTo }] : [];
  });
}

function serverOf(address: unknown): unknown {
  if (typeof address !== 'string' || !URL.canParse(address)) return address;
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}

function openings(now: unknown, wanted: unknown): Wrong[] {
  const known = targetsIn(now);
  return Object.entries(targetsIn(wanted)).flatMap(([name, target]) => {
    if (!opensAll(target) || isDeepStrictEqual(whose(target), whose(known[name]))) return [];
    const path = pathText(['sync', 'targets', name, 'allowCommands']);
    return [{ path, message: 'that a hub may do all here can only be said in the configuration file' }];
  });
}

const opensAll = (target: unknown): boolean => {
  const granted = isGroup(target) ? target['allowCommands'] : undefined;
  return Array.isArray(granted) && granted.includes('all');
};

/** Who may do all. */
const whose = (target: unknown): unknown[] =>
  isGroup(target) && opensAll(target) ? [target['url'], target['token']] : [];

function targetsIn(written: unknown): Written {
  const targets = at(['sync', 'targets'], written);
  return isGroup(targets) ? targets : {};
}
