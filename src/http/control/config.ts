import { z } from 'zod';
import { Fault } from '#runtime';
import type { ConfigCondition, ConfigOutcome, ConfigWish, HttpContext, HttpDeps } from '../deps.ts';
import { flag } from '../input.ts';
import { Api } from '../route.ts';

/** Longer ones would hold up everything else while they are read. */
const MOST_TEXT = 256 * 1024;
const MOST_DETAIL = 500;

const path = z.string().meta({ examples: ['cameras[yard].url'] });
const outcome = z
  .object({
    version: z.number().describe('The version in force'),
    changed: z.array(path).describe('What differs from what was in force'),
    restart_required: z.array(path).describe('Of that, what is in force from the next start of the process on'),
  })
  .meta({ id: 'ConfigOutcome' });
const problems = z
  .array(z.object({ path: path.describe('Empty: the whole'), message: z.string() }))
  .describe('What is wrong, and what to write instead; empty: it can be applied');
const losses = z
  .array(z.object({ path, message: z.string() }))
  .describe('What would be forgotten: it is applied with force=true only');
const view = z
  .object({
    version: z.number(),
    config: z.record(z.string(), z.unknown()).describe('All that is in force, without secrets'),
    set: z
      .array(z.object({ path, by: z.enum(['file', 'api', 'environment', 'command line']) }))
      .describe('What isn’t as by default, and who said it'),
    yaml: z.string().describe('What is set, as it could stand in a file; secrets as references or "(set)"'),
    restart_required: z.array(path),
    problem: z.string().optional().describe('Why something of the file or of the changes is not in force'),
  })
  .meta({ id: 'Configuration' });
const history = z.object({
  versions: z.array(z.object({ version: z.number(), at: z.number(), by: z.string(), changed: z.array(path) })),
});

const patch = z
  .record(z.string(), z.unknown())
  .describe('A merge patch (RFC 7396); things with names by name, null takes one out')
  .meta({ examples: [{ cameras: { yard: { transport: 'udp' } } }] });
const text = z.string('must be a configuration as YAML').max(MOST_TEXT, 'must not be longer than 256 KiB');
const wish = z
  .object({
    patch: patch.optional(),
    yaml: text.optional().describe('All of it instead; what is shown as "(set)" stays as it is'),
  })
  .refine(({ patch: some, yaml: all }) => (some === undefined) !== (all === undefined), 'needs either patch or yaml');
const forcing = z.object({ force: flag.default(false).describe('Also when something that waits is forgotten by it') });
const rollback = z.object({ version: z.int('must be the number of a version').min(1) });

/** The configuration: looked at, checked, changed and taken back while the box runs. The file stays its user's. */
export function configRoutes({ configuration }: HttpDeps): Api {
  const api = new Api('Control');

  api.get(
    '/v1/control/config',
    { summary: 'What is in force, and who said it; without secrets', answer: view },
    (c) => {
      const { config, ...shown } = configuration.view();
      const { restartRequired, ...status } = configuration.status();
      c.header('ETag', `"${status.version}"`);
      return { config, ...shown, ...status, restart_required: restartRequired };
    },
  );

  api.get(
    '/v1/control/config/history',
    { summary: 'The versions that are kept, newest first', answer: history },
    () => {
      const versions = configuration.history().map(({ atMs, ...version }) => ({ ...version, at: atMs / 1000 }));
      return { versions };
    },
  );

  api.post(
    '/v1/control/config/validate',
    {
      summary: 'What a change would do, or what is wrong with it; nothing is changed',
      body: wish,
      bodyLimit: 2 * MOST_TEXT,
      answer: outcome.extend({ problems, losses }),
    },
    async (_c, { body }) => {
      const { problems: wrong, losses: lost, ...found } = await configuration.check(wishOf(body));
      return { ...outcomeView(found), problems: [...wrong], losses: lost };
    },
  );

  api.patch(
    '/v1/control/config',
    {
      summary: 'Changes the configuration at once: all of it or nothing. If-Match: the version it was made for',
      query: forcing,
      body: wish,
      bodyLimit: 2 * MOST_TEXT,
      answer: outcome,
    },
    async (c, { body, query }) =>
      applied(c, await configuration.apply(wishOf(body), c.get('caller').name, only(c, query))),
  );

  api.post(
    '/v1/control/config/rollback',
    { summary: 'Makes it as a version was', body: rollback, query: forcing, answer: outcome },
    async (c, { body, query }) => applied(c, await configuration.apply(body, c.get('caller').name, only(c, query))),
  );

  api.post(
    '/v1/control/config/reload',
    { summary: 'Takes over what the file says now, below the changes made over HTTP', query: forcing, answer: outcome },
    async (c, { query }) => applied(c, await configuration.reload(c.get('caller').name, { lossless: !query.force })),
  );

  return api;
}

function applied(c: HttpContext, done: ConfigOutcome): z.input<typeof outcome> {
  c.header('ETag', `"${done.version}"`);
  c.set('detail', `version ${done.version}: ${done.changed.join(', ')}`.slice(0, MOST_DETAIL));
  return outcomeView(done);
}

function outcomeView({ restartRequired, ...done }: ConfigOutcome): z.input<typeof outcome> {
  return { ...done, restart_required: restartRequired };
}

function wishOf({ patch: some, yaml }: z.output<typeof wish>): ConfigWish {
  return yaml === undefined ? { patch: some } : { yaml };
}

function only(c: HttpContext, { force }: z.output<typeof forcing>): ConfigCondition {
  return { version: versionOf(c), lossless: !force };
}

/** Throws `invalid` unless it is a version's number. */
function versionOf(c: HttpContext): number | undefined {
  const given = c.req.header('if-match');
  if (given === undefined || given === '*') return undefined;
  const [, version] = /^(?:W\/)?"(\d+)"$/.exec(given) ?? [];
  if (version === undefined) throw new Fault('invalid', 'If-Match: must be an ETag of this configuration, such as "7"');
  return Number(version);
}
