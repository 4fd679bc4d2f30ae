import { Agent, request } from 'node:http';

/** One thing to ask for. */
export interface Ask {
  url: string;
  headers?: Record<string, string>;
  /** Sent by POST when there is one. */
  body?: string;
}

export interface Load {
  /** How long each answer took, to its last byte. */
  tookMs: number[];
  elapsedMs: number;
  /** Answers other than 2xx, and those that did not come. */
  failed: number;
}

export interface Summary {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
}

/**
 * Asks in turn over kept connections, each for the next thing as soon as it has read its answer, for `seconds`. Answers
 * are read and thrown away.
 */
export async function load(asks: readonly Ask[], options: { connections: number; seconds: number }): Promise<Load> {
  const { connections, seconds } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tookMs: number[] = [];
  let failed = 0;
  let asked = 0;
  const startedMs = performance.now();
  const one = async () => {
    while (performance.now() - startedMs < seconds * 1000) {
      const ask = asks[asked++ % asks.length];
      if (!ask) throw new Error('there is nothing to ask for');
      const sentMs = performance.now();
      const status = await statusOf(ask, agent).catch(() => 0);
      tookMs.push(performance.now() - sentMs);
      if (status < 200 || status > 299) failed++;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  return { tookMs, elapsedMs: performance.now() - startedMs, failed };
}

/** Of several loads with the same. */
export function summaryOf(loads: readonly Load[]): Summary {
  const tookMs = loads.flatMap((load) => load.tookMs).sort((a, b) => a - b);
  const elapsedMs = loads.reduce((sum, load) => sum + load.elapsedMs, 0);
  return {
    perSecond: (tookMs.length / elapsedMs) * 1000,
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    failed: loads.reduce((sum, load) => sum + load.failed, 0),
  };
}

function statusOf({ url, headers, body }: Ask, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent, method: body === undefined ? 'GET' : 'POST', headers }, (answer) => {
      answer.on('data', () => undefined);
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

/** Of sorted values, the least that is not less than this share of them. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
