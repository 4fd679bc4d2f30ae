/**
 * Preloaded (`node --import`) into a process that is to die at a step of writing or deleting: `WATCHPOST_KILL_AT=name`
 * for the first time it comes there, `name:3` for the third.
 */
const [point, time = '1'] = (process.env['WATCHPOST_KILL_AT'] ?? '').split(':');
let left = Number(time);

globalThis[Symbol.for('watchpost.fault-point')] = (name) => {
  if (name !== point) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
};
