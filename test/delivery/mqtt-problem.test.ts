import { expect, it } from 'vitest';
import { Fault } from '#runtime';
import { diagnose, MqttTrouble, problemOfCode } from '../../src/delivery/mqtt-problem.ts';

const coded = (code: string | number, message = 'x') => Object.assign(new Error(message), { code });

it.each([
  [coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1883'), 'unreachable'],
  [coded('ENOTFOUND'), 'unreachable'],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'broker_untrusted'],
  [coded('CERT_HAS_EXPIRED'), 'broker_certificate_expired'],
  [coded('CERT_NOT_YET_VALID'), 'broker_certificate_expired'],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'broker_certificate_other_host'],
  [
    coded('ERR_SSL_X', 'tlsv13 alert certificate required:ssl/record:SSL alert number 116'),
    'client_certificate_refused',
  ],
  [coded('ERR_SSL_X', 'sslv3 alert certificate expired:SSL alert number 45'), 'client_certificate_refused'],
  [coded('ERR_SSL_X', 'tlsv1 alert unknown ca:SSL alert number 48'), 'client_certificate_refused'],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'no_tls'],
  [coded(5), 'login_refused'],
  [coded(135), 'login_refused'],
  [coded(133), 'client_id_refused'],
  [coded(1), 'protocol_refused'],
  [coded(136), 'busy'],
  [new Error('connack timeout'), 'hangs'],
  [new Error('Keepalive timeout'), 'hangs'],
  [new MqttTrouble('taken_over'), 'taken_over'],
  [new MqttTrouble(problemOfCode(142)), 'taken_over'],
  [new Fault('invalid', 'mqtt.caFile: no'), 'misconfigured'],
  [new Error('socket hang up'), 'closed'],
  ['nothing that is known', 'closed'],
])('%s is %s', (error, problem) => {
  expect(diagnose(error).problem).toBe(problem);
});

it('says what to do in front of what the cause says, on one line', () => {
  const { message } = diagnose(coded(135, 'Connection refused: Not authorized\nand more'));
  expect(message).toMatch(/mqtt\.username and mqtt\.password \(Connection refused: Not authorized\)$/);
});
