/** One route of a bare Hono application that answers a fixed JSON document, to compare with: `node bare-route.mjs FILE`. */
import { readFileSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const answer = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const app = new Hono();
app.get('/records/:id', (c) => c.json(answer));
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  console.log(JSON.stringify({ port }));
});
process.stdin.resume().on('end', () => server.close());
