import { test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { everythingArrives } from './support/hub-story.ts';
import { startLine } from './support/line.ts';
import { freePort } from './support/ports.ts';

/** 256 kbit/s. */
const SLOW = { bytesPerSecond: 32_000, delayMs: 50, breakAfterBytes: 150_000 };

test('a hub has everything of a box behind a line that is cut, slow and breaks', { timeout: 400_000 }, async () => {
  const port = await freePort();
  await using proxy = await startLine(port);
  const line = {
    url: `http://127.0.0.1:${proxy.port}`,
    down: () => proxy.down(),
    slow: () => {
      proxy.become(SLOW);
      proxy.up();
    },
    heal: () => proxy.become({}),
  };
  const startHub = (dataDir: string) => TestAppliance.start({ dataDir, port, config: { name: 'hub' } });
  await everythingArrives({ line, startHub, alerts: 1 });
});
