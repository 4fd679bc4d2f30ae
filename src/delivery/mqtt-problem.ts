import { Fault } from '#runtime';

/** Why there is no connection, for programs; people read the sentence with it. */
export type MqttProblem =
  | 'misconfigured'
  | 'unreachable'
  | 'broker_untrusted'
  | 'broker_certificate_expired'
  | 'broker_certificate_other_host'
  | 'client_certificate_refused'
  | 'no_tls'
  | 'login_refused'
  | 'client_id_refused'
  | 'protocol_refused'
  | 'taken_over'
  | 'hangs'
  | 'busy'
  | 'closed';

export interface Diagnosis {
  problem: MqttProblem;
  message: string;
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTDOWN',
]);
const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

const ABOUT: Readonly<Record<MqttProblem, string>> = {
  misconfigured: '',
  unreachable: 'nothing answers at mqtt.url: is the broker running there?',
  broker_untrusted:
    'the broker’s certificate is signed by an authority that this box does not know: name the right one in mqtt.caFile',
  broker_certificate_expired:
    'the broker’s certificate is not valid at this time: renew it, or set the clock of this box',
  broker_certificate_other_host: 'the broker’s certificate is for another host than mqtt.url names',
  client_certificate_refused:
    'the broker refuses the certificate of this box (none, expired, or of an authority it does not know): see mqtt.certFile',
  no_tls: 'what answers at mqtt.url does not speak TLS: is the port right, or should it be mqtt:// or ws://?',
  login_refused: 'the broker refuses the login (not authorized): check mqtt.username and mqtt.password',
  client_id_refused: 'the broker refuses the client id: set another mqtt.clientId',
  protocol_refused: 'the broker speaks neither MQTT 5 nor 3.1.1',
  taken_over: 'another client with the same id has connected: give each box its own mqtt.clientId',
  hangs: 'the broker has taken the connection and does not answer',
  busy: 'the broker is busy or refuses connections at this time',
  closed: 'the broker closed the connection',
};

/** Reason codes of MQTT 5 and, below 6, return codes of 3.1.1. */
const CODES: Readonly<Record<number, MqttProblem>> = {
  1: 'protocol_refused',
  2: 'client_id_refused',
  3: 'busy',
  4: 'login_refused',
  5: 'login_refused',
  132: 'protocol_refused',
  133: 'client_id_refused',
  134: 'login_refused',
  135: 'login_refused',
  136: 'busy',
  137: 'busy',
  138: 'login_refused',
  139: 'closed',
  140: 'login_refused',
  141: 'hangs',
  142: 'taken_over',
  151: 'busy',
  159: 'busy',
};

/** What an attempt or a connection has failed of, and what to do. The words of the cause are in the message. */
export function diagnose(error: unknown): Diagnosis {
  if (error instanceof MqttTrouble) return { problem: error.problem, message: error.message };
  if (error instanceof Fault && error.kind === 'invalid') return { problem: 'misconfigured', message: error.message };
  const said = error instanceof Error ? error.message : String(error);
  const problem = problemOf(codeOf(error), said);
  return { problem, message: `${ABOUT[problem]} (${firstLine(said)})` };
}

/** A failure whose kind is known where it happens. */
export class MqttTrouble extends Error {
  readonly problem: MqttProblem;
  constructor(problem: MqttProblem, said?: string) {
    super(said === undefined ? ABOUT[problem] : `${ABOUT[problem]} (${firstLine(said)})`);
    this.problem = problem;
  }
}

/** Which of them the number in a CONNACK or a DISCONNECT means. */
export function problemOfCode(code: number | undefined): MqttProblem {
  return CODES[code ?? -1] ?? 'closed';
}

function problemOf(code: string | number | undefined, said: string): MqttProblem {
  if (typeof code === 'number') return problemOfCode(code);
  if (/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/.test(code ?? '')) return 'broker_certificate_expired';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'broker_certificate_other_host';
  if (UNTRUSTED.has(code ?? '')) return 'broker_untrusted';
  if (
    /alert number (4[2-9]|116)\b|ALERT_(BAD|UNSUPPORTED|REVOKED)?_?CERTIFICATE|ALERT_UNKNOWN_CA/.test(`${code} ${said}`)
  )
    return 'client_certificate_refused';
  if (/WRONG_VERSION_NUMBER|packet length too long|wrong version/i.test(`${code} ${said}`)) return 'no_tls';
  if (UNREACHABLE.has(code ?? '')) return 'unreachable';
  return /connack timeout|keepalive timeout|handshake timed out/i.test(said) ? 'hangs' : 'closed';
}

function codeOf(error: unknown): string | number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.slice(0, 200) ?? '';
}
