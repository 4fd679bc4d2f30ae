/** An ONVIF camera of the test's own: it knows its user by WS-UsernameToken, and tells its streams. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { portOf } from '../e2e/support/ports.ts';

export const USER = 'onvif';
export const PASSWORD = 'p@ss:word/%';
const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const MEDIA = 'http://www.onvif.org/ver10/media/wsdl';
/** The camera's clock is wrong, as many are, and it refuses what seems old. */
const BEHIND_MS = 5_400_000;

export interface OnvifDevice extends AsyncDisposable {
  port: number;
  asked: string[];
}

export async function device(
  answer: (question: string, response: ServerResponse, port: number) => void,
  host = '127.0.0.1',
): Promise<OnvifDevice> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let question = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      question += text;
    });
    request.on('end', () => {
      asked.push(/<(\w+) xmlns="http:\/\/www.onvif.org/.exec(question)?.[1] ?? '');
      answer(question, response, portOf(server.address()));
    });
  }).listen(0, host);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close().closeAllConnections();
    await once(server, 'close');
  };
  return { port: portOf(server.address()), asked, [Symbol.asyncDispose]: close };
}

interface Camera {
  uriOf: (token: string) => string;
  user: string;
  password: string;
}

/** A camera whose streams lie at the addresses that `uriOf` gives. */
export const onvifCamera = (
  uriOf: Camera['uriOf'],
  { host, ...login }: Omit<Camera, 'uriOf'> & { host?: string } = { user: USER, password: PASSWORD },
): Promise<OnvifDevice> =>
  device((question, response, port) => camera(question, response, port, { ...login, uriOf }), host);

function camera(question: string, response: ServerResponse, port: number, its: Camera): void {
  const { status, body } = reply(question, port, its);
  response.writeHead(status, { 'content-type': 'application/soap+xml' });
  response.end(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema"
    xmlns:tds="${DEVICE}" xmlns:trt="${MEDIA}"><s:Body>${body}</s:Body></s:Envelope>`);
}

function reply(question: string, port: number, its: Camera): { status: number; body: string } {
  if (question.includes('<GetSystemDateAndTime')) return { status: 200, body: clock() };
  if (!isHis(question, its)) return refusal('ter:NotAuthorized', 'Sender not Authorized');
  // Behind a router it knows another address of its own.
  const address = `http://10.9.8.7:${port}/onvif`;
  if (question.includes('<GetServices')) return refusal('ter:ActionNotSupported', 'Not implemented');
  if (question.includes('<GetCapabilities')) return { status: 200, body: capabilities(address) };
  if (question.includes('<GetVideoSources')) return { status: 200, body: '<trt:GetVideoSourcesResponse/>' };
  if (question.includes('<GetProfiles')) return { status: 200, body: PROFILES };
  const token = /<ProfileToken>(\w+)</.exec(question)?.[1] ?? '';
  if (token === 'gone') return refusal('ter:NoProfile', 'No such profile');
  const uri = token === 'odd' ? 'javascript:alert(1)' : its.uriOf(token).replaceAll('&', '&amp;');
  return {
    status: 200,
    body: `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>${uri}</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>`,
  };
}

function refusal(code: string, reason: string): { status: number; body: string } {
  const body = `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${code}</s:Value></s:Subcode></s:Code>
    <s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault>`;
  return { status: 400, body };
}

function clock(): string {
  const now = new Date(Date.now() - BEHIND_MS);
  return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime>
    <tt:Time><tt:Hour>${now.getUTCHours()}</tt:Hour><tt:Minute>${now.getUTCMinutes()}</tt:Minute>
    <tt:Second>${now.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${now.getUTCFullYear()}</tt:Year>
    <tt:Month>${now.getUTCMonth() + 1}</tt:Month><tt:Day>${now.getUTCDate()}</tt:Day></tt:Date>
    </tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
}

/** WS-UsernameToken: the digest of a nonce, the time by the camera's clock, and the password. */
function isHis(question: string, { user, password }: Camera): boolean {
  const member = (name: string): string => new RegExp(`<${name}[^>]*>([^<]+)<`).exec(question)?.[1] ?? '';
  const created = member('Created');
  const nonce = Buffer.from(member('Nonce'), 'base64');
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
  const isNow = Math.abs(Date.parse(created) - (Date.now() - BEHIND_MS)) < 60_000;
  return isNow && member('Username') === user && member('Password') === digest;
}

const capabilities = (address: string): string => `<tds:GetCapabilitiesResponse><tds:Capabilities>
  <tt:Device><tt:XAddr>${address}/device_service</tt:XAddr></tt:Device>
  <tt:Media><tt:XAddr>${address}/media_service</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`;

const profile = (token: string, name: string, width: number, height: number): string => `<trt:Profiles token="${token}">
  <tt:Name>${name}</tt:Name><tt:VideoEncoderConfiguration token="v${token}"><tt:Encoding>H264</tt:Encoding>
  <tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>
  <tt:RateControl><tt:FrameRateLimit>15</tt:FrameRateLimit><tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl>
  </tt:VideoEncoderConfiguration></trt:Profiles>`;
const SOUND = '<trt:Profiles token="sound"><tt:Name>sound</tt:Name></trt:Profiles>';
const PROFILES = `<trt:GetProfilesResponse>${profile('sub', 'minor &amp; small', 640, 360)}${SOUND}
  ${profile('gone', 'old', 1, 1)}${profile('odd', 'odd', 1, 1)}${profile('main', 'major', 2560, 1440)}</trt:GetProfilesResponse>`;
