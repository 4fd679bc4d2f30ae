import { Command, CommanderError, Option } from 'commander';
import { SCOPES } from '#domain';

/**
 * Runs the command that `args` (without node and script) names; what it needs is loaded only then. Resolves to the exit
 * code: 0 done, 2 wrong usage, which has been explained on stderr. Everything else that goes wrong is thrown.
 */
export async function runCli(args: readonly string[], signal: AbortSignal): Promise<0 | 2> {
  const program = new Command('watchpost')
    .description('Watches RTSP cameras on this box: records, describes, searches and alerts.')
    .exitOverride()
    .showHelpAfterError('(add --help to see how it is used)');
  addRun(program, signal);
  addProbe(program, signal);
  addPlan(program, signal);
  addRehearse(program, signal);
  addModels(program, signal);
  addConfig(program);
  addToken(program, signal);
  addListen(program, signal);
  addCapture(program, signal);
  addCare(program, signal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

const configFile = () =>
  new Option('--config <file>', 'configuration file (default: none; set up over HTTP)').env('WATCHPOST_CONFIG');
const dataDir = () => new Option('--data-dir <dir>', 'where everything is kept (default: ./data)');

function addRun(program: Command, signal: AbortSignal): void {
  program
    .command('run')
    .description('run the appliance until SIGTERM or Ctrl-C')
    .addOption(configFile())
    .addOption(dataDir())
    .option('--listen <host:port>', 'address of the API and the page (default: 0.0.0.0:8080)')
    .addHelpText('after', '\nWATCHPOST_API_KEY in the environment is the first API key instead of a random one.')
    .action(async (options) => (await import('./run.ts')).run(options, signal));
  program
    .command('demo')
    .description('show it all on a small rendered scene: camera, recording, alerts by MQTT and webhook, page')
    .option('--once', 'end after the first full minute; fails unless everything worked')
    .option('--json', 'print one JSON line of figures at the end')
    .action(async (options) => (await import('./demo/demo.ts')).demo(options, signal));
}

/** From other users of the machine: addresses of cameras are among them. */
function hideArguments(command: string): void {
  process.title = `watchpost ${command}`;
}

function addProbe(program: Command, signal: AbortSignal): void {
  program
    .command('probe [url]')
    .description('look at a camera: codecs, keyframes, clock, and what to change in its settings')
    .option('--discover', 'list the ONVIF cameras that answer on the networks of this box')
    .addOption(new Option('--transport <transport>', 'how RTSP media travels').choices(['tcp', 'udp']).default('tcp'))
    .action(async (url, { transport, discover }, command: Command) => {
      const commands = await import('./probe.ts');
      hideArguments('probe');
      if (discover) await commands.discover(signal);
      else if (url === undefined) command.error('error: give the address of a camera, or --discover');
      else await commands.probe(url, transport, signal);
    });
}

function addPlan(program: Command, signal: AbortSignal): void {
  program
    .command('plan')
    .description('measure this box and its cameras: how many it bears, with which tier, and days of video')
    .option('--camera <url...>', 'cameras to plan for (default: those of the configuration)')
    .option('--json', 'print one JSON line')
    .addOption(configFile())
    .addOption(dataDir())
    .addHelpText('after', '\nWhile the appliance runs, these are the figures of a busy box.')
    .action(async (options) => {
      const commands = await import('./plan.ts');
      hideArguments('plan');
      await commands.plan(options, signal);
    });
}

function addRehearse(program: Command, signal: AbortSignal): void {
  program
    .command('rehearse <prompt>')
    .description('ask the box that runs when an event would have fired')
    .option('--since <length>', 'how far back: 30m, 12h, 7d, 2w', '1d')
    .option('--stream <name>', 'one camera, by name or id (default: all)')
    .option('--threshold <share>', 'how sure it has to be, 0–1 (default: not at all)', Number)
    .option('--url <url>', 'where the box is', 'http://127.0.0.1:8080')
    .option('--key <key>', 'an API key (default: WATCHPOST_API_KEY in the environment)')
    .option('--json', 'print one JSON line')
    .action(async (prompt, options) => (await import('./rehearse.ts')).rehearse(prompt, options, signal));
}

const boxUrl = () => new Option('--url <url>', 'where the box is').default('http://127.0.0.1:8080');
const boxToken = () => new Option('--token <token>', 'a session token (others see it in `ps`)').env('WATCHPOST_TOKEN');
const boxKey = () => new Option('--key <key>', 'or an API key').env('WATCHPOST_API_KEY');

function addCapture(program: Command, signal: AbortSignal): void {
  program
    .command('capture')
    .description('send screens, sounds and cameras of this computer to a box, until SIGTERM or Ctrl-C')
    .option('--list', 'show what can be captured, and end')
    .option('--channel <id...>', 'what to send, as --list names it; "mic" alone is the first of its kind')
    .option('--store [id...]', 'what of it to keep and make a video of (alone: all; default: nothing)')
    .option('--primary <id>', 'whose picture the video shows (default: the first that has one)')
    .option('--session <id>', 'a capture session that was made before (default: a new one)')
    .option('--fps <number>', 'pictures a second (default: 10 of displays, 15 of cameras)', Number)
    .option('--json', 'print lines of JSON')
    .addOption(boxUrl())
    .addOption(boxToken())
    .addOption(boxKey())
    .action(async (options) => (await import('./capture/capture.ts')).capture(options, signal));
}

function addListen(program: Command, signal: AbortSignal): void {
  program
    .command('listen [dir]')
    .description('write the live events of a box to a file, a line of JSON each, until SIGTERM or Ctrl-C')
    .option('--clear', 'empty the file first; without it what was missed since the last time comes, too')
    .addOption(boxUrl())
    .addOption(boxToken())
    .addOption(boxKey())
    .addHelpText('after', '\nDIR: default VIDEODB_EVENTS_DIR of the environment, else ~/.local/state/videodb.')
    .action(async (dir, options) => (await import('./listen/listen.ts')).listen(dir, options, signal));
}

function addModels(program: Command, signal: AbortSignal): void {
  const models = program.command('models').description('model packs: what sees and hears');
  models
    .command('list')
    .description('packs that are here or can be fetched')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (options) => (await import('./models.ts')).listModels(options));
  models
    .command('import <dir>')
    .description('take a pack from a folder (for boxes without a network)')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (dir, options) => (await import('./models.ts')).importModel(dir, options));
  models
    .command('pull [names...]')
    .description('fetch packs from their own projects; what was fetched before comes from the same commit')
    .option('--device <name>', 'those that suit a kind of box: pi5-4gb, pi5-8gb, … or auto')
    .option('--from <url>', 'from a mirror: of a hub, or the folder in which the file lies')
    .option('--accept-licence <name...>', 'agree to a licence that is not an open one')
    .option('--update', 'fetch what there is now, also where an older one is here')
    .addOption(configFile())
    .addOption(dataDir())
    .addHelpText('after', '\nHF_ENDPOINT names another hub; HTTPS_PROXY, HTTP_PROXY and NO_PROXY name proxies.')
    .action(async (names, options) => (await import('./models-pull.ts')).pullModels(names, options, signal));
  models
    .command('bench')
    .description('time the packs that are here on this box, and say how many cameras they bear')
    .option('--json', 'print one JSON line')
    .addOption(configFile())
    .addOption(dataDir())
    .addHelpText('after', '\nWhile the appliance runs, these are the figures of a busy box.')
    .action(async (options) => (await import('./models-bench.ts')).benchModels(options, signal));
  models
    .command('verify [name]')
    .description('check one pack, or all, against their hashes')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (name, options) => (await import('./models.ts')).verifyModels(name, options));
}

function addConfig(program: Command): void {
  const config = program.command('config').description('the configuration file');
  config
    .command('check <file>')
    .description('say what is wrong with it, or how each event was understood')
    .action(async (file) => (await import('./config-check.ts')).checkConfig(file));
  config
    .command('schema')
    .description('print its JSON Schema, for editors')
    .action(async () => (await import('./config-documents.ts')).printSchema());
  config
    .command('docs')
    .description('print its documentation')
    .action(async () => (await import('./config-documents.ts')).printDocs());
}

function addCare(program: Command, signal: AbortSignal): void {
  program
    .command('health')
    .description('ask the Watchpost of this machine whether it works; fails when it does not')
    .option('--wait <seconds>', 'ask again for so long', Number, 0)
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (options) => (await import('./health.ts')).health(options, signal));
  program
    .command('doctor')
    .description('look whether database, recordings and pictures are sound and agree; fails when they are not')
    .option('--repair', 'mend what can be mended; only while Watchpost does not run')
    .option('--json', 'print one JSON line')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (options) => (await import('./doctor.ts')).doctor(options));
  program
    .command('backup <file>')
    .description('copy the database to a file, also while Watchpost runs')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (file, options) => (await import('./backup.ts')).backup(file, options, signal));
  program
    .command('restore <file>')
    .description('put such a copy in the place of the database, while Watchpost does not run')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (file, options) => (await import('./backup.ts')).restore(file, options));
}

function addToken(program: Command, signal: AbortSignal): void {
  const token = program.command('token').description('API keys');
  token
    .command('create')
    .description('make an API key; it is printed this once')
    .option('--label <text>', 'what it is for', 'made on the command line')
    .addOption(
      new Option('--scope <scope...>', 'what it opens: everything, looking, looking and control, or sending as a box')
        .choices(SCOPES)
        .default(['all'], 'all'),
    )
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (options) => (await import('./token.ts')).createToken(options));
  token
    .command('code')
    .description('print a one-time code for the page, for the key on stdin: to sign in on another machine')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (options) => (await import('./token.ts')).printCode(options, process.stdin, signal));
  token
    .command('list')
    .description('show the keys: number, label, scopes, when they were made and used')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (options) => (await import('./token.ts')).listTokens(options));
  token
    .command('revoke <number>')
    .description('end a key at once, by its number in the list')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (number, options) => (await import('./token.ts')).revokeToken(number, options));
}
