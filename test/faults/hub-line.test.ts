import { test } from 'vitest';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { everythingArrives } from '../e2e/support/hub-story.ts';
import { badNetwork } from './bad-network.ts';
import { isFull } from './form.ts';

const PORT = 8080;
const SLOW = { kbps: 256, lossPercent: 5 };

test.runIf(isFull)(
  'a hub has everything of a box behind a real bad network',
  { timeout: 900_000 },
  async ({ skip }) => {
    const network = badNetwork();
    if (typeof network === 'string') return skip(`no network of its own here: ${network}`);
    using _network = network;
    const { namespace, good, bad } = network;
    const line = {
      url: `http://${bad}:${PORT}`,
      down: () => network.become({ lossPercent: 100 }),
      slow: () => network.become(SLOW),
      heal: () => network.become({ lossPercent: 0 }),
    };
    const at = { namespace, address: good };
    const startHub = (dataDir: string) => TestAppliance.start({ dataDir, port: PORT, config: { name: 'hub' }, at });
    await everythingArrives({ line, startHub, alerts: 2 });
  },
);
