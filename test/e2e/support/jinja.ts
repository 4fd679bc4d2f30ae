import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Child } from '#runtime';

/** Debian's own Python, for which it packages Jinja. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = `
import json, sys
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
render = lambda one: environment.from_string(one['template']).render(value_json=json.loads(one['payload']))
print(json.dumps([render(one) for one in json.load(sys.stdin)]))
`;

export const hasJinja = existsSync('/usr/lib/python3/dist-packages/jinja2');

/** What Home Assistant's templates make of payloads, by Jinja itself; throws when a template reads what isn't there. */
export async function rendered(templates: readonly { template: string; payload: string }[]): Promise<string[]> {
  await using python = await Child.start(PYTHON, ['-c', SCRIPT], { stdio: ['pipe', 'pipe', 'pipe'] });
  const { stdin, stdout, stderr } = python.process;
  if (!stdin || !stdout || !stderr) throw new Error('no pipes to Python');
  const said = Promise.all([text(stdout), text(stderr), once(python.process, 'close')]);
  stdin.end(JSON.stringify(templates));
  const [output, complaints, [code]] = await said;
  if (code !== 0) throw new Error(complaints);
  return JSON.parse(output);
}
