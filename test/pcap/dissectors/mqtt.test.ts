/** MQTT by the non-normative example of CONNECT in the OASIS standard 3.1.1, section 3.1, with version 5's properties too. */
import { describe, expect, it } from 'vitest';
import { loginMessage } from '../../../src/pcap/login.ts';
import { mqtt, mqttConnectMessage } from '../../../src/pcap/dissectors/mqtt.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

const string = (text: string): string => String.fromCharCode(text.length >> 8, text.length & 255) + text;
const packet = (type: number, body: string): string => String.fromCharCode(type << 4, body.length) + body;

describe('mqtt', () => {
  it('reads who connects, never the password', () => {
    const body = `${string('MQTT')}\x04\xc2\x00\x0a${string('sensor-1')}${string('anna')}${string('geheim')}`;
    const fed = feedEveryWay(mqtt, conversation(['>', packet(1, body)], ['<', packet(2, '\x00\x05')], ['>', packet(3, `${string('a/b')}hello`)]));
    expect(fed.messages.filter((m) => mqttConnectMessage.is(m))).toEqual([
      { kind: 'mqtt-connect', frame: 1, version: 4, clientId: 'sensor-1', user: 'anna' },
    ]);
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.user, m.result])).toEqual([
      [1, 'anna', 'sent'],
      [2, 'anna', 'rejected'],
    ]);
    expect(JSON.stringify(fed.messages)).not.toContain('geheim');
    const five = `${string('MQTT')}\x05\xc6\x00\x0a\x05\x11\x00\x00\x00\x0a${string('c5')}\x00${string('will')}${string('gone')}${string('eva')}${string('geheim')}`;
    expect(feedEveryWay(mqtt, conversation(['>', packet(1, five)])).messages[0]).toMatchObject({ version: 5, clientId: 'c5', user: 'eva' });
  });

  it('says the fields of Wireshark, and is not taken in', () => {
    const fed = feed(
      mqtt,
      conversation(
        ['>', packet(1, `${string('MQIsdp')}\x03\x00\x00\x0a${string('x')}`)],
        ['>', packet(3, `${string('a/b')}hello`)],
        ['>', packet(12, '')],
      ),
      { look: true },
    );
    expect(fed.fields).toEqual(
      expect.arrayContaining(['mqtt.msgtype=1', 'mqtt.protoname=MQIsdp', 'mqtt.ver=3', 'mqtt.clientid=x', 'mqtt.topic=a/b', 'mqtt.msgtype=12']),
    );
    expect(fed.infos).toEqual(['MQTT Connect Command', 'MQTT Publish Message', 'MQTT Ping Request']);
    expect(feedEveryWay(mqtt, conversation(['>', '\x10\x0c\x00\x04MQTX\x04\x00\x00\x0a\x00\x00'])).recognised).toBe(false);
  });
});
