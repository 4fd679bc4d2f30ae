import { deadline, Fault, isFault, messageOf, systemClock } from '#runtime';
import { Box, type BoxOptions } from '../box.ts';
import { print, printTable } from '../terminal.ts';
import type { Channel } from './channel.ts';
import { chosenChannels, findChannels, thisMachine } from './channels.ts';
import { Publishers, type Tell } from './publishers.ts';
import { endOf, isFinal, isOver, RemoteSession, type SessionState, type Wish } from './session.ts';

export interface CaptureOptions extends BoxOptions {
  list?: boolean;
  session?: string;
  channel?: string[];
  /** All channels, or those that are named. */
  store?: true | string[];
  primary?: string;
  fps?: number;
  json?: boolean;
}

const LOOK_EVERY_MS = 500;
/** How long the end of a session is awaited: its streams are finished, and its recording becomes a video. */
const END_MS = 20_000;
/** A box ends a session by itself when nothing has come for a minute. */
const GIVEN_UP_MS = 75_000;

/**
 * Sends screens, sounds and cameras of this computer to a box as one capture session, until `signal` aborts or the box
 * ends the session. Throws `invalid` for channels that aren't there, `unavailable` when the session fails, and what the
 * box says when it refuses.
 */
export async function capture(options: CaptureOptions, signal: AbortSignal): Promise<void> {
  const found = await findChannels(thisMachine(), signal);
  if (options.list) return list(found, options.json ?? false);
  const box = new Box(options);
  const wish = wishOf(options, found);
  const session = await RemoteSession.open(box, options.session, signal);
  const tell = teller(options.json ?? false);
  tell({ session_id: session.id }, `session ${session.id}`);
  let isOurs = options.session === undefined;
  try {
    await session.start(wish, signal);
    isOurs = true;
    const addresses = await session.addresses(wish.channels, signal);
    await using publishers = Publishers.start(addresses, options.fps, tell);
    await follow(session, publishers, tell, signal);
  } catch (error) {
    if (!signal.aborted || !isOurs) {
      if (isOurs) await finish(session).catch(() => undefined); // What went wrong first is what matters.
      throw error;
    }
  }
  const end = await finish(session);
  if (end?.status === 'failed') throw new Fault('unavailable', endOf(end));
  if (end) tell({ ...end, channels: undefined }, endOf(end));
}

function list(found: readonly Channel[], json: boolean): void {
  const channels = found.map(({ id, type, name }) => ({ channel_id: id, type, name }));
  if (json) print(JSON.stringify({ channels }));
  else printTable([['CHANNEL', 'TYPE', 'NAME'], ...found.map(({ id, type, name }) => [id, type, name])]);
  if (!json && found.length === 0) print('nothing to capture was found: no X11 display, no sound server, no camera');
}

function wishOf({ channel = [], store = [], primary, fps }: CaptureOptions, found: readonly Channel[]): Wish {
  const channels = chosenChannels(channel, found);
  const named = (option: string, id: string): Channel => {
    const one = channels.find((each) => each.id === id);
    if (!one) throw new Fault('invalid', `${option}: "${id}" is not among the channels that are captured`);
    return one;
  };
  if (fps !== undefined && !(fps >= 1 && fps <= 60)) throw new Fault('invalid', '--fps: must be from 1 to 60');
  const stored = store === true ? channels : store.map((id) => named('--store', id));
  return {
    channels,
    isStored: (one) => stored.includes(one),
    primary: primary === undefined ? channels.find(({ type }) => type === 'video') : named('--primary', primary),
  };
}

/** Until the session is over, or `signal` aborts. */
async function follow(session: RemoteSession, publishers: Publishers, tell: Tell, signal: AbortSignal): Promise<void> {
  let status = 'starting';
  let problem: string | undefined;
  while (!signal.aborted) {
    publishers.demandBegun();
    try {
      const state = await session.state(signal);
      if (isOver(state)) return;
      if (state.status !== status) tell({ session_id: session.id, status: state.status }, state.status);
      [status, problem] = [state.status, undefined];
    } catch (error) {
      if (signal.aborted) return;
      if (isFault(error, 'not_found') || publishers.silentMs() > GIVEN_UP_MS) throw error;
      // A box that restarts comes back. A token that has expired stops nothing: the channels have keys of their own.
      if (messageOf(error) !== problem) process.stderr.write(`${messageOf(error)}\n`);
      problem = messageOf(error);
    }
    await systemClock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

/**
 * Stops it and waits until it has stopped or, where a video is made of it, until that is there; what is known of it then.
 * A box that can't be told ends it by itself: that is no failure.
 */
async function finish(session: RemoteSession): Promise<SessionState | undefined> {
  using limit = deadline(new AbortController().signal, END_MS);
  const { signal } = limit;
  let state: SessionState | undefined;
  let problem = 'the box takes long to end the session';
  const isDone = (): boolean => signal.aborted || (state !== undefined && isFinal(state));
  while (!isDone()) {
    try {
      if (!state) await session.stop(signal);
      state = await session.state(signal);
    } catch (error) {
      if (!signal.aborted) problem = messageOf(error);
      if (!isFault(error, 'unavailable')) break;
    }
    if (!isDone()) await systemClock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
  if (!state) process.stderr.write(`the box could not be told that this is the end (${problem}): it will notice\n`);
  return state;
}

function teller(json: boolean): Tell {
  return (facts, words) => print(json ? JSON.stringify(facts) : words);
}
