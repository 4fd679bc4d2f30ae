import { LONGEST_SNOOZE_MS } from '#domain';
import { Fault } from '#runtime';

/** Longer messages are no commands. */
const LONGEST = 1024;
const LONGEST_SNOOZE_MINUTES = LONGEST_SNOOZE_MS / 60_000;

export type CameraCommand = 'snapshot';
export type RuleCommand = { armed: boolean } | { snoozeMinutes: number };

/** `snapshot`, or JSON `{"snapshot": true}`. Throws `invalid` saying what is understood. */
export function readCameraCommand(payload: Buffer): CameraCommand {
  const said = read(payload);
  if (said === 'snapshot' || (isRecord(said) && said['snapshot'] === true)) return 'snapshot';
  throw new Fault('invalid', 'a camera takes snapshot, or {"snapshot": true}');
}

/**
 * `arm`, `disarm`, or JSON `{"armed": true}` or `{"snooze_minutes": 30}`; 0 minutes end a snooze. Throws `invalid` saying
 * what is understood.
 */
export function readRuleCommand(payload: Buffer): RuleCommand {
  const said = read(payload);
  if (said === 'arm' || said === 'disarm') return { armed: said === 'arm' };
  const { armed, snooze_minutes: minutes } = isRecord(said) ? said : {};
  if (typeof armed === 'boolean' && minutes === undefined) return { armed };
  if (typeof minutes === 'number' && minutes >= 0 && minutes <= LONGEST_SNOOZE_MINUTES && armed === undefined) {
    return { snoozeMinutes: minutes };
  }
  throw new Fault(
    'invalid',
    `an alert takes arm, disarm, {"armed": true} or {"snooze_minutes": 0 to ${LONGEST_SNOOZE_MINUTES}}`,
  );
}

/** `ON`, `OFF`, `arm`, `disarm`, or JSON `{"armed": true}`. Throws `invalid` saying what is understood. */
export function readGroupCommand(payload: Buffer): { armed: boolean } {
  const said = read(payload);
  if (said === 'on' || said === 'arm') return { armed: true };
  if (said === 'off' || said === 'disarm') return { armed: false };
  const { armed } = isRecord(said) ? said : {};
  if (typeof armed === 'boolean') return { armed };
  throw new Fault('invalid', 'a group takes ON, OFF, arm, disarm or {"armed": true}');
}

/** The word in lower case, or what the JSON says. */
function read(payload: Buffer): unknown {
  if (payload.byteLength > LONGEST) throw new Fault('invalid', `a command has at most ${LONGEST} bytes`);
  const text = payload.toString().trim();
  if (!text.startsWith('{')) return text.toLowerCase();
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('invalid', 'the command begins like JSON and is none');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
