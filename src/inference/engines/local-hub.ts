import { basename, dirname } from 'node:path';
import { env, LogLevel } from '@huggingface/transformers';
import type { LoadRequest } from '../protocol.ts';

/** How the library is told to load a folder in the hub's layout: from there alone. Nothing is fetched or written. */
export function localHub({ file: dir, threads, provider = 'cpu' }: Pick<LoadRequest, 'file' | 'threads' | 'provider'>) {
  env.allowRemoteModels = false;
  env.useFSCache = false;
  env.localModelPath = dirname(dir);
  env.logLevel = LogLevel.ERROR;
  const local = { local_files_only: true } as const;
  const session_options = {
    // What the provider can't do the CPU does.
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  } as const;
  return { name: basename(dir), local, options: { ...local, device: 'cpu', session_options } as const };
}
