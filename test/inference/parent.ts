/** A process that starts a detector, says so, and stays until it is killed. Arguments: a pack's folder. */
import { inferenceWith } from './references.ts';

const { inference } = await inferenceWith(process.argv[2]);
const tell = setInterval(() => {
  const { state, pid } = inference.status();
  if (state === 'ready') process.send?.(pid);
}, 50);
process.on('disconnect', () => clearInterval(tell));
