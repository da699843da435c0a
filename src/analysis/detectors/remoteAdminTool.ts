/**
 * Programs that give others the screen and keyboard of a host: TeamViewer, AnyDesk, ScreenConnect and their kin, told by the names of their relays and by
 * the first words of their protocols. Support uses them, and so do those who ring up and say that they are support.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { httpRequestMessage } from '../../pcap/http/messages.ts';
import { plainStreamMessage } from '../../pcap/plainStream.ts';
import { tlsCertificateMessage, tlsServerNameMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { remembered } from './remembered.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';
import { isLocalAddress } from './watched.ts';

const options = z.object({
  times: z.int().min(1).default(1).describe('Times that a tool must be seen between a client and a server (times)'),
  allowedTools: z.array(z.string()).default([]).describe('Tools that are used on purpose, by name: TeamViewer, AnyDesk ... (names)'),
});
type Options = z.output<typeof options>;

/** Domains of their relays and updates. Written from memory; the makers' notes on firewalls have the whole lists to compare with. */
const DOMAINS =
  'TeamViewer:teamviewer.com;AnyDesk:anydesk.com;RustDesk:rustdesk.com;LogMeIn:logmein.com logmeinrescue.com logmein-gateway.com;GoTo:gotoassist.com gotomypc.com getgo.com;Splashtop:splashtop.com splashtop.eu;ScreenConnect:screenconnect.com hostedrmm.com;Ammyy Admin:ammyy.com;Atera:atera.com;NinjaOne:ninjarmm.com;Supremo:supremocontrol.com nanosystems.it;DWService:dwservice.net;Remote Utilities:remoteutilities.com;ISL Online:islonline.net islonline.com;Zoho Assist:zohoassist.com assist.zoho.com;BeyondTrust:bomgarcloud.com bomgar.com;Action1:action1.com;Pulseway:pulseway.com;Kaseya:kaseya.net;Chrome Remote Desktop:remotedesktop.google.com remotedesktop-pa.googleapis.com;FleetDeck:fleetdeck.io;Parsec:parsec.app parsecgaming.com;NetSupport:netsupportsoftware.com;SimpleHelp:simple-help.com;MeshCentral:meshcentral.com;Radmin:radmin.com radmin-vpn.com;GetScreen:getscreen.me;AeroAdmin:aeroadmin.com;HopToDesk:hoptodesk.com';
const BY_DOMAIN = new Map(
  DOMAINS.split(';').flatMap((line) => {
    const [name = '', domains = ''] = line.split(':');
    return domains.split(' ').map((domain) => [domain, { id: name.toLowerCase().replaceAll(' ', '-'), name }] as const);
  }),
);
const PAGES = /^(?:www|help|support|community|blog|docs|status|info|get|shop|account|learn)\d*\./;

interface Tool {
  readonly id: string;
  readonly name: string;
}

/** First words in no known protocol. */
const STREAMS: readonly (readonly [RegExp, Tool])[] = [
  [/^\x17\x24[\n\x10-\x30]/, { id: 'teamviewer', name: 'TeamViewer' }],
  [/^\x01\0\0\0\x01\0\0\0[\x08\x09]{2}/, { id: 'radmin', name: 'Radmin' }],
  [/^\xa2\x2e\x6d/, { id: 'ammyy-admin', name: 'Ammyy Admin' }],
];
const CERTIFICATES: readonly (readonly [RegExp, Tool])[] = [
  [/CN=AnyDesk Client|CN=AnyNet Root CA|CN=AnyNet Relay/, { id: 'anydesk', name: 'AnyDesk' }],
];
const NETSUPPORT = { id: 'netsupport', name: 'NetSupport' };

function toolOf(name: string): Tool | undefined {
  if (name.length > 253 || PAGES.test(name)) return undefined;
  const labels = name.split('.');
  return BY_DOMAIN.get(labels.slice(-2).join('.')) ?? BY_DOMAIN.get(labels.slice(-3).join('.'));
}

export const remoteAdminTool = defineDetector({
  id: 'remote-admin-tool',
  title: 'Remote support programs',
  tier: 2,
  deed: 'used {what} by way of {whom}',
  description:
    'A host talks to the servers of a program for remote support, such as TeamViewer, AnyDesk or ScreenConnect. They are used every day, and by intruders because nobody wonders.',
  options,
  messages: [tlsServerNameMessage.kind, tlsCertificateMessage.kind, dnsMessage.kind, httpRequestMessage.kind, plainStreamMessage.kind],
  create(_, state) {
    const seen = new Sightings<Tool & { readonly isQuestion: boolean }>(state),
      ofName = remembered((name) => toolOf(name.toLowerCase())),
      ofHost = remembered((host) => toolOf(host.toLowerCase().replace(/:\d+$/, '')));
    return {
      onMessage(message, flow, p) {
        let tool: Tool | undefined,
          text = '',
          isQuestion = false;
        if (dnsMessage.is(message)) {
          if (message.isResponse || message.protocol !== 'dns') return;
          text = message.qname;
          tool = ofName(text);
          isQuestion = true;
        } else if (tlsServerNameMessage.is(message)) {
          text = message.name;
          tool = ofName(text);
        } else if (httpRequestMessage.is(message)) {
          text = message.host ?? '';
          if (message.userAgent !== null && /^NetSupport (?:Manager|Gateway)\//.test(message.userAgent)) {
            tool = NETSUPPORT;
            text = message.userAgent;
          } else if (text !== '') tool = ofHost(text);
        } else if (flow < 0) return;
        else if (plainStreamMessage.is(message)) tool = STREAMS.find(([pattern]) => pattern.test(message.start))?.[1];
        else if (tlsCertificateMessage.is(message)) {
          text = message.chain[0]?.subject ?? '';
          tool = CERTIFICATES.find(([pattern]) => pattern.test(text))?.[1];
        }
        if (tool !== undefined) seen.add({ id: `${tool.id}${isQuestion ? ' asked' : ''}`, name: tool.name, isQuestion }, flow, p, text);
      },
      evaluate(values) {
        const allowed = new Set(values.allowedTools.map((name) => name.toLowerCase())),
          all = [...seen.values].filter(({ mark, count }) => count >= values.times && !allowed.has(mark.name.toLowerCase())),
          /** Who was seen to use it: its questions for names add nothing. */
          users = new Set(all.filter(({ mark }) => !mark.isQuestion).map(({ client, mark }) => `${client} ${mark.name}`));
        return {
          findings: all
            .filter(({ client, mark }) => !mark.isQuestion || !users.has(`${client} ${mark.name}`))
            .map((one): FindingDraft => draft(values, state, one)),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and servers')]),
        };
      },
    };
  },
});

function draft(values: Options, state: CaptureState, one: Sighting<Tool & { readonly isQuestion: boolean }>): FindingDraft {
  const { mark, client, server, serverPort, count } = one,
    isOutside = isLocalAddress(client) && !isLocalAddress(server),
    // Its makers sell it for use within networks; over the Internet and in clear HTTP it is what fake updates install.
    isNetSupport = mark.name === NETSUPPORT.name && !mark.isQuestion && isOutside && serverPort !== 5405;
  return sightingDraft(state, one, {
    technique: mark.id.replace(' ', '-'),
    what: mark.name,
    ...(mark.isQuestion ? { deed: `asked {whom} for the address of {what}` } : {}),
    severity: isNetSupport ? 'medium' : mark.isQuestion ? 'info' : 'low',
    parts: [
      [`names or words of ${mark.name}`, mark.isQuestion ? 50 : 75],
      ['more than once', Math.min(10, count - 1)],
      ['a tool for networks, used across the Internet', isNetSupport ? 10 : 0],
    ],
    title: mark.isQuestion ? `${client} asks for the address of ${mark.name}` : `${client} uses ${mark.name} by way of ${server} port ${serverPort}`,
    description: `${plural(count, 'message')} (threshold ${values.times}) between ${client} and ${server} port ${serverPort} ${count === 1 ? 'is' : 'are'} of ${mark.name}, which gives others the screen and keyboard of a host.`,
    indicators: [{ name: 'tool', value: mark.name }],
    alternatives: ['Support that was asked for, or remote maintenance that was agreed.'],
    attack: ['T1219'],
    together: {
      key: `${client} ${mark.id} ${isNetSupport ? 'outside' : ''}`,
      label: `${server} port ${serverPort}`,
      note: plural(count, 'message'),
      words: (all) => ({
        title: mark.isQuestion ? `${client} asks for addresses of ${mark.name}` : `${client} uses ${mark.name} by way of ${all.hosts('server')}`,
        description: `${mark.name} gives others the screen and keyboard of a host. Seen were`,
        recommendation: `Ask whoever uses ${client} whether they know of ${mark.name}; if not, end the sessions and look who installed it.`,
      }),
    },
    recommendation: `Ask whoever uses ${client} whether they know of ${mark.name}; if not, end the session and look who installed it.`,
  });
}
