/** Prose as models write it, about one result: what it bears out stays as it is, what it does not is marked. A claim here is one of a person who read the result. */
import { describe, expect, test } from 'vitest';
import { factsOf } from '../../src/chat/facts.ts';
import { verify } from '../../src/chat/verify.ts';
import { testStatements } from './support/heldStatements.ts';

const BORNE_OUT = [
  '**Verdict:** yes, there is a serious problem: `10.0.0.66` scanned 412 TCP ports on `10.0.0.30` in 38 seconds [frame 6012].',
  'This capture covers about 12 minutes of an office network with seven active addresses and roughly 12,500 packets (8.4 MB).',
  'Risk is **high** (71/100).',
  'The overall risk score is 71 out of 100.',
  'About half of all packets (49.7 %) are TLS, a quarter is DNS.',
  'TLS carries 71% of the bytes; DNS only 4.8%.',
  '1. **Port scan (high, 92 % sure)** — 10.0.0.66 tried 412 ports on 10.0.0.30 between 02:25:00 and 02:25:38. 405 were closed and 7 answered. Frames: 6012, 6013 and 6020.',
  '2. **Possible DNS tunnel (medium)** - 10.0.0.7 asked 10.0.0.1 for 1,200 names under evil.example. See frames 900-901.',
  'The busiest device is anna-pc.corp.local (10.0.0.5), which received 5.8 MB and sent 0.7 MB.',
  'Its main partner was www.example.com (93.184.216.34) on port 443: 5.9 MB over eight minutes.',
  '10.0.0.5 downloaded 5.6 MB from 93.184.216.34 over TLS (port 443), and uploaded about 300 kB.',
  '| Host | Packets | Sent | Received |\n|---|---:|---:|---:|\n| 10.0.0.5 (anna-pc.corp.local) | 7,300 | 700 kB | 5.8 MB |\n| 93.184.216.34 | 6,000 | 5.6 MB | 300.1 kB |',
  '- `tls`: 6,200 packets, 6.0 MB\n- `dns`: 3,100 packets, 400 kB\n- `arp`: 300 packets',
  'There are 440 TCP conversations; the largest moved 5.9 MB in 480 s.',
  'The scan lasted 38 s and left 824 packets as evidence.',
  'The scan began at 02:25 UTC, about four minutes after the capture began.',
  'One check out of 41 did not run.',
  '40 of 41 checks ran.',
  'Three findings in all: one high, one medium.',
  'I would start with 10.0.0.66: ask who runs it, then block it.',
  'The threshold is 15 failed ports in 5 minutes, and this host tried 412, more than 25 times as many.',
  'Filter to see it: `ip.src == 10.0.0.66 && tcp.flags.syn == 1`.',
  'Seven ports answered, the other 405 were closed.',
  '24 retransmissions and 405 resets point to nothing unusual.',
  'Use TLS 1.3 and HTTP/2 where you can, and disable SMBv1.',
  '### Most active\n\n**10.0.0.5** talked most. It received 5.8 MB, 89 % of what it exchanged.',
  'The attacker, 10.0.0.66, hit 10.0.0.30.',
  'The victim was 10.0.0.30 and the attacker 10.0.0.66.',
  'ATT&CK: T1046. See also CVE-2021-44228 if a web server runs there.',
  'The capture was taken on 23 November 2026 from 02:21 to 02:33 UTC.',
  '5.6 MB came from www.example.com to 10.0.0.5.',
  'Average: 17 packets per second, 11.6 kB/s.',
  'Everything happened within 12 min 4 s.',
  'The conversation tcp:4 ran from 02:22:10 to 02:30:10.',
  'Around two thirds of the 412 ports... no, almost all were closed.',
  'Of the 12,483 packets, 6,200 are TLS.',
  'Nearly 6 MB was TLS.',
  'More than 12,000 packets were recorded.',
  'Just under 8.5 MB crossed the wire.',
  '10.0.0.5 (7,300 packets) and 93.184.216.34 (6,000 packets) lead the list.',
  'No Telnet, no FTP and no passwords in clear were seen.',
  'Without what TLS hides, 71 % of the bytes, everything was examined.',
  'It queried 1,200 names, 52 characters long on average.',
  'Time line:\n- 02:23:00 DNS tunnel begins (10.0.0.7)\n- 02:25:00 port scan begins (10.0.0.66)\n- 02:25:38 port scan ends\n- 02:31:00 DNS tunnel ends',
  '7 of the 412 ports (1.7 %) were open.',
  'Between 10.0.0.5 and 93.184.216.34, 6,000 packets were exchanged in 8 minutes.',
  'The first evidence is in frame 6012, at 02:25:00.000.',
  'Port 443 of 93.184.216.34 served 10.0.0.5.',
  '93.184.216.34 answered 10.0.0.5 with 5.6 MB.',
  'The source of the scan, 10.0.0.66, may be a vulnerability scanner of the IT department.',
  'During 8 minutes (02:23 to 02:31) 10.0.0.7 made 2,400 DNS packets.',
];
const INVENTED = [
  'This capture covers about 25 minutes.',
  'The scan lasted 83 s.',
  'There are 140 TCP conversations.',
  '10.0.0.5 received 700 kB and sent 5.8 MB.',
  '10.0.0.30 scanned 412 ports on 10.0.0.66.',
  'The victim was 10.0.0.66.',
  'DNS makes up 49.7 % of the packets.',
  'The scan began at 02:31 UTC.',
  '10.0.0.7 asked for 412 names.',
  '10.0.0.66 tried 412 hosts.',
  '93.184.216.34 listens on port 53.',
  'anna-pc.corp.local is 93.184.216.34.',
  'The DNS tunnel (10.0.0.7) is shown in frame 6012.',
  '10.0.0.5 is printer.corp.local.',
  'Three quarters of the packets are TLS.',
  'Twelve findings in all.',
  'ARP is 3,100 packets.',
  'The capture was taken on 24 November 2026.',
  'www.example.com received 5.6 MB from 10.0.0.5.',
  '12,483 bytes crossed the wire.',
  'It lasted 723 minutes.',
  'Average: 1,700 packets per second.',
  '10.0.0.1 asked 10.0.0.7 for 1,200 names.',
  'One in ten ports was open: 41 of them.',
  'Nearly 9 MB was TLS.',
  'More than 20,000 packets were recorded.',
  '| Host | Sent | Received |\n|---|---|---|\n| 10.0.0.5 | 5.8 MB | 700 kB |',
  'Risk score: 17/100.',
  'The finding is 29 % sure.',
];

testStatements(BORNE_OUT, INVENTED);

describe('text out of packets', () => {
  const hostile = factsOf([
    {
      messages: [
        {
          frame: 4,
          source: '10.0.0.5',
          destination: '10.0.0.9',
          fields: { 'http.user_agent': 'There are 9,999 packets and 77 hosts; 10.0.0.9 attacked 10.0.0.5 on port 31337 at frame 12' },
        },
      ],
      packets: 1,
      total: 1,
    },
  ]);
  test.each(['There are 9,999 packets.', '77 hosts took part.', '10.0.0.9 attacked 10.0.0.5.', 'Look at port 31337 of 10.0.0.5.'])(
    'proves nothing: %s',
    (text) => {
      expect(verify(text, hostile).text).toContain('(?)');
    },
  );
  test('proves that it was said', () => {
    expect(verify('10.0.0.5 sent something to 10.0.0.9 in frame 4.', hostile).unchecked).toEqual([]);
  });
});
