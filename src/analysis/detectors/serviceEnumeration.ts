/**
 * Services that are asked for all they have: pages of a web server by guessing, users of a mail server, zones and addresses of DNS, the tree of SNMP, files of TFTP, accounts of a
 * directory or a Windows host, sessions and shares of many. Crawlers get what they ask for, mail programs ask for those they write to, monitoring walks the same tree every day.
 */
import * as z from 'zod';
import type { Packet } from '../../pcap/packet.ts';
import { rpcMessage, rpcSidsMessage } from '../../pcap/dissectors/dcerpc.ts';
import { ldapSearchMessage } from '../../pcap/dissectors/ldap.ts';
import { sipMessage } from '../../pcap/sipMessage.ts';
import { smtpCommandMessage, smtpReplyMessage } from '../../pcap/dissectors/smtp.ts';
import { snmpMessage } from '../../pcap/dissectors/snmp.ts';
import { tftpMessage } from '../../pcap/dissectors/tftp.ts';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { httpResponseMessage } from '../../pcap/http/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import type { Severity } from '../report.ts';
import { neighbouring } from './reverseNames.ts';
import { domainTableOf } from './dnsDomains.ts';
import { AlikePages } from './alikePages.ts';
import { Burst, packetTime } from './measures.ts';
import { EVERYTHING, isNamed, objectsOfSearch, PERMISSIONS } from './directorySearch.ts';
import { isGuessable, mostOfOneDomain } from './guessedHosts.ts';
import { guessesAmong, LEAST_LIST_WORDS, NO_GUESSES, type PathGuesses } from './pathWords.ts';
import { isInVain } from './randomNameFlood.ts';
import { remembered } from './remembered.ts';
import { RidCycling } from './ridCycling.ts';
import { SessionCollection } from './sessionCollection.ts';
import { endsOfDatagram, Sightings, sightingDraft, type Sighting } from './sightings.ts';
import { isReached, isRefusal, mostlyRefused, noteReached } from './sipUsers.ts';
import { VirtualHosts } from './virtualHosts.ts';
import { datagramEnds, endsOf } from './watched.ts';

const options = z.object({
  pages: z.int().min(10).default(50).describe('Different pages that a client asked a web server for and that are not there (pages)'),
  alikePages: z
    .int()
    .min(10)
    .default(20)
    .describe(
      'Different pages that a client asked a web server for and that got one and the same answer, names of lists for guessing among them (pages)',
    ),
  users: z.int().min(3).default(5).describe('Different users that a client asked a mail server about (users)'),
  addresses: z.int().min(10).default(64).describe('Different addresses whose names a client asked for (addresses)'),
  names: z.int().min(20).default(100).describe('Different hosts of one domain that a client asked for within a minute and that do not exist (names)'),
  snmpSteps: z.int().min(20).default(200).describe('Steps of a client through the tree of an SNMP agent (steps)'),
  extensions: z
    .int()
    .min(5)
    .default(20)
    .describe('Different users of a telephone exchange that a client asked for and was refused, or proved no password for (users)'),
  searches: z.int().min(1).default(1).describe('Searches for accounts of interest in a directory (searches)'),
  directoryObjects: z
    .int()
    .min(2)
    .default(3)
    .describe('Kinds of objects, such as users, groups or computers, of which a client asked a directory for all (kinds)'),
  accountNumbers: z
    .int()
    .min(10)
    .default(40)
    .describe('Numbers of accounts, one after the other, whose names a client asked a Windows host for (numbers)'),
  accountLists: z.int().min(1).default(1).describe('Lists of users and groups that a client asked a Windows host for (lists)'),
  files: z.int().min(10).default(30).describe('Different files that a client asked a TFTP server for and that it did not get (files)'),
  virtualHosts: z
    .int()
    .min(10)
    .default(50)
    .describe('Different hosts of one domain that a client asked a web server for within a minute, and that nobody looked up (hosts)'),
  hosts: z.int().min(3).default(10).describe('Windows hosts that a client asked for their sessions or shares within an hour (hosts)'),
});
type Options = z.output<typeof options>;

interface Kind {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly option: keyof Options | null;
  readonly severity: Severity;
  readonly attack: readonly string[];
}
const WEB: Kind = { id: 'web-pages', what: 'pages that are not there', unit: 'pages', option: 'pages', severity: 'low', attack: ['T1595.003'] },
  MAIL: Kind = { id: 'mail-users', what: 'users of a mail server', unit: 'users', option: 'users', severity: 'low', attack: ['T1087', 'T1589.002'] },
  ZONE: Kind = { id: 'dns-zone', what: 'a whole DNS zone', unit: 'transfers', option: null, severity: 'low', attack: ['T1590.002'] },
  REVERSE: Kind = {
    id: 'dns-reverse',
    what: 'the names of many addresses',
    unit: 'addresses',
    option: 'addresses',
    severity: 'low',
    attack: ['T1590.002', 'T1018'],
  },
  NAMES: Kind = {
    id: 'dns-names',
    what: 'hosts of a domain by guessing their names',
    unit: 'names',
    option: 'names',
    severity: 'low',
    attack: ['T1590.002'],
  },
  SNMP: Kind = { id: 'snmp-walk', what: 'the tree of an SNMP agent', unit: 'steps', option: 'snmpSteps', severity: 'info', attack: ['T1602.001'] },
  LDAP: Kind = {
    id: 'ldap-accounts',
    what: 'accounts of interest in a directory',
    unit: 'searches',
    option: 'searches',
    severity: 'low',
    attack: ['T1087.002'],
  },
  FILES: Kind = {
    id: 'tftp-files',
    what: 'files of a TFTP server by guessing their names',
    unit: 'files',
    option: 'files',
    severity: 'low',
    attack: ['T1602.002', 'T1083'],
  },
  SIP: Kind = {
    id: 'sip-users',
    what: 'users of a telephone exchange',
    unit: 'users',
    option: 'extensions',
    severity: 'low',
    attack: ['T1087', 'T1595'],
  };
const DIRECTORY: Kind = {
    id: 'ldap-directory',
    what: 'all objects of a directory',
    unit: 'kinds of objects',
    option: 'directoryObjects',
    severity: 'low',
    attack: ['T1087.002', 'T1069.002', 'T1482'],
  },
  LISTS: Kind = {
    id: 'account-lists',
    what: 'lists of users and groups',
    unit: 'lists',
    option: 'accountLists',
    severity: 'low',
    attack: ['T1087.002', 'T1069.002'],
  };

const MOST_THINGS = 5000,
  NO_SUCH_NAME = 3,
  /** RFC 1350 appendix I. */
  NO_SUCH_FILE = 1,
  NO_ACCESS = 2,
  MINUTE = 60,
  ZONE_TRANSFER = 252,
  POINTER = 12,
  /** What a directory tells of itself is less. */
  WHOLE_DIRECTORY_BYTES = 100_000;
/** Accounts with services, accounts without pre-authentication, delegation and all computers: what tools ask for before they attack Kerberos. */
const SEARCHES =
    /servicePrincipalName=\*|userAccountControl:1\.2\.840\.113556\.1\.4\.803:=(?:4194304|524288|16777216)|msDS-AllowedToDelegateTo=\*|adminCount=1/i,
  ALL_USERS = /samAccountType=805306368/i;

export const serviceEnumeration = defineDetector({
  id: 'service-enumeration',
  title: 'Services asked for all they have',
  tier: 2,
  deed: 'asked {whom} for {what}',
  description:
    'A client goes through what a service has: guesses pages or hosts of a web server, tries users of a mail server, transfers a DNS zone or guesses its names, walks an SNMP tree, guesses files of a TFTP server, searches a directory for accounts to attack or for all it has, lists the accounts of Windows hosts or asks many who is logged on. What is sealed or encrypted (SMB 3, LDAP) cannot be seen. Monitoring and inventories do the same.',
  options,
  messages: [
    httpResponseMessage.kind,
    smtpCommandMessage.kind,
    smtpReplyMessage.kind,
    dnsMessage.kind,
    snmpMessage.kind,
    ldapSearchMessage.kind,
    rpcMessage.kind,
    rpcSidsMessage.kind,
    sipMessage.kind,
    tftpMessage.kind,
  ],
  create(_, state) {
    const seen = new Sightings<Kind>(state),
      pairs = new Map<Sighting<Kind>, Set<string>>(),
      rids = new RidCycling(state),
      collection = new SessionCollection(state),
      virtualHosts = new VirtualHosts(state),
      alike = new AlikePages(state),
      isOfInterest = remembered((filter) => SEARCHES.test(filter) || (ALL_USERS.test(filter) && !isNamed(filter))),
      /** The recipient that a connection named last, until it is answered. */
      recipients = new Map<number, string>();
    const bursts = new Map<Sighting<Kind>, Burst>(),
      /** Users whom each client of an exchange reached, or let in: those it has, or may call. */
      reached = new Map<string, Set<string>>();
    /** Files that each client of TFTP did not get, by what it asked for last from which port. */
    const requested = new Map<string, string>(),
      refused = new Map<string, Set<string>>();
    /** Pages that were there behind the first that was not, by client and server. */
    const there = new Map<string, number>();
    let hasMissing = false;
    const add = (kind: Kind, thing: string, flow: number, p: Packet, isAnswer = false): void => {
      const one = seen.add(kind, flow, p, thing, isAnswer);
      if (one === null) return;
      let things = pairs.get(one);
      if (things === undefined) pairs.set(one, (things = new Set()));
      const text = thing.slice(0, 200);
      if (things.size >= MOST_THINGS || things.has(text)) return;
      things.add(text);
      if (kind !== NAMES) return;
      let burst = bursts.get(one);
      if (burst === undefined) bursts.set(one, (burst = new Burst(MINUTE)));
      burst.add(packetTime(state, p));
    };
    return {
      onMessage(message, flow, p) {
        if (httpResponseMessage.is(message)) {
          if (flow < 0) return;
          virtualHosts.answered(message, flow, p);
          if (message.uri !== null && (message.status === 404 || message.status === 403)) {
            const query = message.uri.indexOf('?');
            add(WEB, query < 0 ? message.uri : message.uri.slice(0, query), flow, p);
            hasMissing = true;
            return;
          }
          alike.add(message, flow, p);
          if (hasMissing && message.status >= 200 && message.status < 400) {
            const { key } = endsOf(state, flow);
            if (there.size < MOST_THINGS || there.has(key)) there.set(key, (there.get(key) ?? 0) + 1);
          }
        } else if (dnsMessage.is(message)) {
          virtualHosts.lookedUp(message);
          if (message.isResponse) {
            if (message.rcode === NO_SUCH_NAME && message.protocol === 'dns' && isGuessable(message.qname))
              add(NAMES, message.qname.toLowerCase(), flow, p, true);
            return;
          }
          if (message.qtype === ZONE_TRANSFER) add(ZONE, message.qname, flow, p);
          else if (message.qtype === POINTER && message.protocol === 'dns' && message.qname.endsWith('.arpa')) add(REVERSE, message.qname, flow, p);
        } else if (snmpMessage.is(message)) {
          if (message.pdu === 1 || message.pdu === 5) add(SNMP, String(message.frame), flow, p);
        } else if (sipMessage.is(message)) {
          if (isRefusal(message)) add(SIP, message.user, flow, p, true);
          else if (isReached(message)) noteReached(reached, flow < 0 ? endsOfDatagram(p, true) : endsOf(state, flow), message.user);
        } else if (tftpMessage.is(message)) {
          const ends = datagramEnds(p);
          if (ends === null) return;
          if (message.file !== null) {
            add(FILES, message.file, flow, p);
            // A request that was answered by a transfer is of no interest; the port is used again.
            if (requested.size >= MOST_THINGS) requested.clear();
            requested.set(`${ends.source} ${ends.destination} ${ends.sourcePort}`, message.file);
          } else if (message.error === NO_SUCH_FILE || message.error === NO_ACCESS) {
            const file = requested.get(`${ends.destination} ${ends.source} ${ends.destinationPort}`);
            if (file !== undefined) note(refused, `${ends.destination} ${ends.source}`, file);
          }
        } else if (flow < 0) return;
        else if (smtpCommandMessage.is(message)) {
          if ((message.command === 'VRFY' || message.command === 'EXPN') && message.parameter !== '') add(MAIL, message.parameter, flow, p);
          else if (message.command === 'RCPT' && recipients.size < MOST_THINGS) recipients.set(flow, message.parameter);
        } else if (smtpReplyMessage.is(message)) {
          if (message.command !== 'RCPT') return;
          const recipient = recipients.get(flow);
          recipients.delete(flow);
          if (recipient !== undefined && (message.code === 550 || message.code === 551 || message.code === 553)) add(MAIL, recipient, flow, p);
        } else if (ldapSearchMessage.is(message)) {
          if (isOfInterest(message.filter)) add(LDAP, message.filter, flow, p);
          for (const object of objectsOfSearch(message)) add(DIRECTORY, object, flow, p);
        } else if (rpcSidsMessage.is(message)) rids.asked(message, flow, p);
        else if (rpcMessage.is(message) && message.operation !== null) {
          const { type, interface: name, operation } = message;
          if (type === 'request') {
            if (name === 'samr') add(LISTS, operation, flow, p);
            else collection.asked(message, flow, p);
          } else if (name === 'lsarpc') rids.answered(message, flow);
        }
      },
      evaluate(values) {
        const findings: FindingDraft[] = [],
          { domains } = domainTableOf(state),
          // Of random names some read like words.
          isFlooded = (name: string): boolean => {
            const domain = domains.get(name);
            return domain !== undefined && isInVain(domain);
          };
        for (const one of seen.values) {
          const { option } = one.mark,
            all = pairs.get(one) ?? new Set<string>(),
            things =
              one.mark === NAMES
                ? Math.min(mostOfOneDomain(all, isFlooded), bursts.get(one)?.most ?? 0)
                : one.mark === FILES
                  ? (refused.get(`${one.client} ${one.server}`)?.size ?? 0)
                  : one.mark === REVERSE
                    ? neighbouring(all)
                    : one.mark === SIP
                      ? mostlyRefused(all, reached.get(`${one.client} ${one.server}`))
                      : all.size;
          if (things >= (option === null ? 1 : values[option]) || (all.has(EVERYTHING) && bytesOf(state, one) >= WHOLE_DIRECTORY_BYTES))
            findings.push(
              draft(
                values,
                state,
                one,
                things,
                all.has(PERMISSIONS),
                one.mark === WEB ? guessesAmong(all, there.get(`${one.client} ${one.server} ${one.serverPort}`) ?? 0) : NO_GUESSES,
              ),
            );
        }
        const told = new Set(
          findings.filter(({ technique }) => technique === WEB.id).map(({ subjects: [by, at] }) => `${by!.address} ${at!.address} ${at!.port}`),
        );
        findings.push(...alike.findings(values.alikePages, ({ client, server, serverPort }) => told.has(`${client} ${server} ${serverPort}`)));
        findings.push(...rids.findings(values.accountNumbers), ...collection.findings(values.hosts), ...virtualHosts.findings(values.virtualHosts));
        return {
          findings,
          coverage: coverage(examinedAll(state), [
            ...unreadableFrames(state),
            ...seen.limits('clients and servers'),
            ...rids.limits,
            ...collection.limits,
            ...virtualHosts.limits,
            ...alike.limits,
          ]),
        };
      },
    };
  },
});

/** Remembers one more thing of these two. */
function note(all: Map<string, Set<string>>, key: string, thing: string): void {
  const known = all.get(key);
  if (known === undefined) {
    if (all.size < MOST_THINGS) all.set(key, new Set([thing]));
  } else if (known.size < MOST_THINGS) known.add(thing);
}

/** What the server said in the conversations that prove it. */
function bytesOf({ flows }: CaptureState, { evidence }: Sighting<Kind>): number {
  return evidence.flows.reduce((sum, row) => sum + flows.doubles[row * F.DOUBLES + F.PAYLOAD_B]!, 0);
}

function draft(
  values: Options,
  state: CaptureState,
  one: Sighting<Kind>,
  things: number,
  hasPermissions: boolean,
  { listWords, arePages }: PathGuesses,
): FindingDraft {
  const { mark, client, server, serverPort, evidence } = one,
    threshold = mark.option === null ? 1 : values[mark.option],
    seconds = evidence.seconds ?? 0,
    // Hundreds of guesses within minutes are a tool's.
    isFast = mark === WEB && arePages && things >= threshold * 4 && seconds > 0 && things / seconds >= 5,
    // A browser's name does not hide what is asked for.
    isList = listWords >= LEAST_LIST_WORDS,
    // Who may do what to whom, of everybody: what BloodHound draws its map from.
    isMap = hasPermissions && things > threshold;
  return sightingDraft(state, one, {
    technique: mark.id,
    what: mark.what,
    severity: isFast || isList || isMap ? 'medium' : mark.severity,
    parts: [
      [`many different ${mark.unit}`, mark === SNMP ? 40 : 50],
      ['many times the threshold', Math.max(0, Math.min(20, 5 * Math.log2(things / threshold)))],
      ['faster than people', isFast ? 12 : 0],
      ['paths that lists for guessing begin with, and no page links to', isList ? 15 : 0],
      ['the permissions of all objects with them', isMap ? 15 : 0],
    ],
    roles: ['attacker', 'victim'],
    title: `${client} asks ${server} port ${serverPort} for ${mark.what}: ${countText(things)} ${things === 1 ? mark.unit.replace(/(?<=search)es$|s$/, '') : mark.unit}`,
    description: `${countText(things)} different ${mark.unit} (threshold ${threshold}) were asked for${mark === WEB ? ' and are not there or not for everybody' : mark === FILES ? ', which the server did not have or did not give' : mark === SIP ? ', and refused or not proved to be the client’s' : mark === NAMES ? ' within a minute and do not exist' : ''}.`,
    indicators: [
      { name: mark.unit, value: things, threshold },
      ...(mark === WEB ? [{ name: 'words of lists for guessing among them', value: listWords, threshold: LEAST_LIST_WORDS, unit: 'words' }] : []),
    ],
    alternatives: [
      mark === WEB
        ? 'A crawler that follows broken links, or a site that was moved.'
        : mark === SNMP
          ? 'Monitoring, which walks the same tree at intervals.'
          : mark === REVERSE
            ? 'A mail server or a program that shows the names of addresses.'
            : mark === NAMES
              ? 'A resolver that asks for many clients, in a domain whose hosts were renamed.'
              : mark === FILES
                ? 'Telephones or machines that boot from the network, which ask for one name after the other.'
                : mark === SIP
                  ? 'A gateway with an old list of numbers, or one whose exchange lost its users.'
                  : 'An inventory, or a second server that is meant to ask.',
    ],
    attack: mark.attack,
    recommendation: `Find out who asks at ${client}, and what ${server} told.`,
  });
}
