/** Stratum in the dialects of Bitcoin, Ethereum and Monero. tshark has no dissector for it; the lines of the shared capture are counted with its `follow`. */
import { describe, expect, it } from 'vitest';
import { stratum, stratumMessage } from '../../../src/pcap/dissectors/stratum.ts';
import { hasShared, shared } from '../../support/analyzeCapture.ts';
import { messagesOf } from '../../support/messagesOf.ts';
import { conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const said = (fed: Fed): unknown[] => fed.messages.filter((m) => stratumMessage.is(m)).map((m) => [m.method, m.worker, m.fromServer]);

describe('stratum', () => {
  it('reads the words of miners and pools', () => {
    const turns = conversation(
      ['>', '{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5"]}\n'],
      ['<', '{"id":1,"result":[[["mining.notify","ae68"]],"08000002",4],"error":null}\n'],
      ['>', '{"params": ["wallet.rig1", "geheim"], "id": 2, "method": "mining.authorize"}\n'],
      ['<', '{"params":["bf","4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000"],"id":null,"method":"mining.notify"}\n'],
    );
    const fed = feedEveryWay(stratum, turns),
      looked = feed(stratum, turns, { look: true });
    expect(said(fed)).toEqual([
      ['mining.subscribe', null, false],
      ['mining.authorize', 'wallet.rig1', false],
      ['mining.notify', null, true],
    ]);
    expect(looked.fields).toContain('stratum.worker=wallet.rig1');
    expect(JSON.stringify([fed, looked])).not.toContain('geheim');
    const monero = '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48edfHu","pass":"x","agent":"XMRig/6.21.0","algo":["rx/0"]}}\n';
    expect(said(feedEveryWay(stratum, conversation(['>', monero])))).toEqual([['login', '48edfHu', false]]);
  });

  it('leaves other JSON-RPC alone', () => {
    for (const line of [
      '{"jsonrpc":"2.0","method":"login","params":{"user":"anna"},"id":1}\n',
      '{"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":1}\n',
      '{"text":"mining.subscribe is a method"}\n',
    ])
      expect(feedEveryWay(stratum, conversation(['>', line])).recognised).toBe(false);
  });

  it.runIf(hasShared)('finds the four miners of the shared capture', async () => {
    const methods = (await messagesOf(shared('mining__mining.pcapng'), stratumMessage)).map(({ method }) => method);
    expect(methods).toEqual(expect.arrayContaining(['eth_submitLogin', 'eth_getWork', 'mining.subscribe', 'mining.authorize', 'login']));
  });
});
