import { Fault } from '#runtime';

/** Licences that ask for no more than their text being kept: whoever runs a box may use such a pack for anything. */
const OPEN = ['Apache-2.0', 'MIT', 'BSD-2-Clause', 'BSD-3-Clause'];

/** Throws `refused` unless the pack's licence is an open one or one of those that the user has accepted by name. */
export function requireLicence(
  { name, licence }: { name: string; licence: string },
  accepted: readonly string[],
): void {
  const known = [...OPEN, ...accepted].map((one) => one.toLowerCase());
  if (known.includes(licence.toLowerCase())) return;
  throw new Fault(
    'refused',
    `${name} comes under the licence "${licence}", which may limit what you do with it: read it, then pull with --accept-licence "${licence}"`,
  );
}
