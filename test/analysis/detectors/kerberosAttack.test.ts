/** Kerberos over UDP, as bytes: roasting and enumeration are told, ordinary logins with AES and old domains are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import type { Finding } from '../../../src/analysis/report.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, shared } from '../../support/analyzeCapture.ts';
import { kerberosError, kerberosReply, kerberosRequest } from '../../support/kerberosMessages.ts';
import { PacketBuilder, SYN } from '../../support/packetBuilder.ts';
import { bytesOf } from '../../support/streamDriver.ts';

const A = '10.0.0.66',
  B = '10.0.0.20';

/** Requests and replies, each over a port of its own. */
async function findings(exchanges: readonly (readonly [string, string])[], gap = 1): Promise<Finding[]> {
  const builder = new PacketBuilder();
  exchanges.forEach(([request, reply], i) => {
    builder.udp({ from: A, to: B, sourcePort: 50_000 + i, destinationPort: 88, payload: bytesOf(request) }).wait(0.01);
    builder.udp({ from: B, to: A, sourcePort: 88, destinationPort: 50_000 + i, payload: bytesOf(reply) }).wait(gap);
  });
  return findingsOf(await analyzeCapture(builder.bytes()), 'kerberos-attack');
}
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const ticket = (service: string, ticketType: number, ownType: number, etypes: readonly number[]): readonly [string, string] => [
  kerberosRequest(12, { service: service.split('/'), etypes, padata: [1] }),
  kerberosReply(13, 'anna', service.split('/'), ticketType, ownType),
];
const ALL = [18, 17, 23] as const;

describe('is told', () => {
  test('many service accounts in RC4, asked for without AES', async () => {
    const [finding, ...others] = await findings(times(8, (i) => ticket(`MSSQLSvc/db${i}.example.com`, 23, 18, [23])));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B, port: 88 },
      ],
      evidence: { framesTotal: 8, frames: [2, 4, 6, 8, 10, 12, 14, 16] },
    });
    expect(indicator(finding!, 'service accounts with tickets in RC4')).toBe(8);
    expect(finding!.attack).toContain('T1558.003');
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test('logins answered in RC4 without proof', async () => {
    const [finding, ...others] = await findings(
      times(3, (i) => [kerberosRequest(10, { client: `svc${i}`, etypes: [23] }), kerberosReply(11, `svc${i}`, ['krbtgt', 'EXAMPLE.COM'], 18, 23)]),
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', evidence: { framesTotal: 3 } });
    expect(finding!.attack).toContain('T1558.004');
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  // Impacket's and Rubeus' `/aes`: tools ask for all at once.
  test('many service accounts in AES within moments, none of which is called', async () => {
    const [finding, ...others] = await findings(
      times(14, (i) => ticket(`svc${i}/files.example.com`, 18, 18, [18])),
      0,
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'low',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B, port: 88 },
      ],
      evidence: { framesTotal: 14, frames: times(14, (i) => 2 * i + 2) },
    });
    expect(indicator(finding!, 'service accounts with tickets in AES')).toBe(14);
    expect(finding!.confidence).toBeGreaterThanOrEqual(30);
    expect(finding!.confidence).toBeLessThanOrEqual(45);
    expect(finding!.attack).toContain('T1558.003');
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test('names that are tried', async () => {
    const [finding, ...others] = await findings(
      times(30, (i) => [kerberosRequest(10, { client: `user${i}` }), kerberosError(i % 10 === 0 ? 25 : 6)]),
      0.1,
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', evidence: { framesTotal: 27 } });
    expect(indicator(finding!, 'names the server knows')).toBe(3);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
});

describe('is silent on', () => {
  test('tickets in AES for many services', async () =>
    expect(await findings(times(40, (i) => ticket(`HTTP/web${i}.example.com`, 18, 18, ALL)))).toEqual([]));
  test('tickets in AES that a server gets at once for those whom it then calls', async () => {
    const builder = new PacketBuilder();
    times(14, (i) => {
      const [request, reply] = ticket(`MSSQLSvc/db${i}.example.com`, 18, 18, ALL);
      builder.udp({ from: A, to: B, sourcePort: 50_000 + i, destinationPort: 88, payload: bytesOf(request) }).wait(0.01);
      builder.udp({ from: B, to: A, sourcePort: 88, destinationPort: 50_000 + i, payload: bytesOf(reply) }).wait(0.01);
      builder.tcp({ from: A, to: `10.0.1.${i + 1}`, sourcePort: 50_100 + i, destinationPort: 1433, flags: SYN });
    });
    expect(findingsOf(await analyzeCapture(builder.bytes()), 'kerberos-attack')).toEqual([]);
  });
  test('tickets in AES for machines, as a client gets that logs on', async () =>
    expect(
      await findings(
        times(14, (i) => ticket(`${['cifs', 'host', 'ldap', 'dns'][i % 4]!}/m${i}.example.com`, 18, 18, ALL)),
        0,
      ),
    ).toEqual([]));
  test('machines of a domain that gives out RC4', async () =>
    expect(
      await findings(['cifs/a', 'host/b', 'ldap/c', 'dns/d', 'cifs/e', 'host/f', 'pc7$'].map((service) => ticket(service, 23, 23, ALL))),
    ).toEqual([]));
  test('logins that prove themselves, after being asked to', async () =>
    expect(
      await findings([
        [kerberosRequest(10, { client: 'anna' }), kerberosError(25)],
        [kerberosRequest(10, { client: 'anna', padata: [2] }), kerberosReply(11, 'anna', ['krbtgt', 'EXAMPLE.COM'], 18, 23)],
      ]),
    ).toEqual([]));
  test('logins without proof in AES, as realms of MIT allow', async () =>
    expect(
      await findings(
        times(5, (i) => [kerberosRequest(10, { client: `user${i}` }), kerberosReply(11, `user${i}`, ['krbtgt', 'EXAMPLE.COM'], 18, 18)]),
      ),
    ).toEqual([]));
  test('a login in DES without proof, as realms of the nineties had it, that goes on to a service', async () => {
    const found = await findings([
      [kerberosRequest(10, { client: 'anna', etypes: [1] }), kerberosReply(11, 'anna', ['krbtgt', 'EXAMPLE.COM'], 1, 1)],
      ticket('afs', 1, 1, [1]),
    ]);
    expect(found.map(({ severity }) => severity)).toEqual(['low']);
  });
  test('one name that is gone, tried for ever', async () =>
    expect(await findings(times(60, () => [kerberosRequest(10, { client: 'old-service' }), kerberosError(6)]))).toEqual([]));
});

test.runIf(hasShared)('a single ticket in RC4 of the shared capture is worth a note', async () => {
  const found = findingsOf(await analyzeCapture(shared('ad__kerberoast.pcap')), 'kerberos-attack');
  expect(found.map(({ severity, evidence, subjects }) => [severity, evidence.frames, subjects[1]!.port])).toEqual([['low', [7], 88]]);
});
