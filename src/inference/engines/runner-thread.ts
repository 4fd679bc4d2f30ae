/** The thread in which models run, one after the other, in the order in which it is asked. */
import { parentPort } from 'node:worker_threads';
import { OnnxSession } from './onnx-session.ts';
import { movable, type RunnerAnswer, type RunnerRequest } from './runner-messages.ts';

const sessions: OnnxSession[] = [];

async function answer(request: RunnerRequest): Promise<RunnerAnswer> {
  const { id } = request;
  try {
    if (request.kind === 'open') {
      const session = await OnnxSession.open(request.model);
      return { id, kind: 'opened', session: sessions.push(session) - 1, shape: session.shape };
    }
    const outputs = await sessions[request.session]?.run(request.inputs);
    return outputs ? { id, kind: 'outputs', outputs } : { id, kind: 'failed', problem: 'this model is not loaded' };
  } catch (error) {
    return { id, kind: 'failed', problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', async (request: RunnerRequest) => {
  const result = await answer(request);
  parentPort?.postMessage(result, result.kind === 'outputs' ? movable(result.outputs) : []);
});
