/**
 * One model and nothing else: `FILE THREADS`. Told a number of milliseconds, it runs the model for so long and says how
 * often that was in a second. As nice as the process that runs models, so that both get the same of a busy machine.
 */
import { setPriority } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';

setPriority(5);
const [, , file, threads] = process.argv;
const session = await InferenceSession.create(file, {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
const feeds = {};
for (const { name, shape } of session.inputMetadata) {
  const dims = shape.map((dim) => (typeof dim === 'number' ? dim : 1));
  const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1)).fill(114);
  feeds[name] = new Tensor('float32', data, dims);
}
await session.run(feeds);
process.on('message', async (ms) => {
  const began = performance.now();
  let runs = 0;
  for (; performance.now() - began < ms; runs++) await session.run(feeds);
  process.send((runs * 1000) / (performance.now() - began));
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
