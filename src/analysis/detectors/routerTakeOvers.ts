/** What a router says of itself to those that have one already: redirects by ICMP (RFC 792), and the take-over of a group's address by VRRP (RFC 5798) or HSRP (RFC 2281). */
import type { CaptureState } from '../captureState.ts';
import { plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter, type Evidence } from './watched.ts';

/** The priority of the router that owns the address. */
const OWNER = 255;

export interface GroupMember {
  readonly address: string;
  readonly since: number;
  readonly evidence: Evidence;
  priority: number;
  isCoup: boolean;
}
export interface Redirects {
  readonly source: string;
  readonly gateways: Set<string>;
  readonly evidence: Evidence;
  mac: string;
}

export function redirected(state: CaptureState, { source, gateways, evidence, mac }: Redirects, isForged: boolean, isOwnName: boolean): FindingDraft {
  return wordedDraft(
    state,
    [
      { role: !isForged ? 'server' : isOwnName ? 'attacker' : 'spoofed', address: source },
      { role: 'gateway', address: [...gateways][0] ?? '' },
    ],
    evidence,
    `${addressFilter(source)} && icmp.type == 5`,
    {
      technique: 'redirect',
      deed: 'redirected traffic by ICMP',
      severity: isForged ? 'high' : 'info',
      parts: [
        ['redirects to another gateway', 40],
        [
          isOwnName ? 'the sender says that the gateway is its own' : 'another station sent them than the one whose address they bear',
          isForged ? 40 : 0,
        ],
      ],
      title: `ICMP redirects of ${source} send traffic to ${[...gateways].join(', ')}`,
      description: `${plural(evidence.framesTotal, 'redirect')} in the name of ${source}${isForged ? ` came from ${mac}, which ${isOwnName ? 'claims the gateway that they point to as well' : 'is another station'}` : ''}.`,
      alternatives: ['A router that knows a shorter way on the same network.'],
      attack: ['T1557'],
      ...(isForged
        ? {}
        : {
            together: {
              key: 'redirect',
              label: source,
              note: `to ${[...gateways].join(', ')}`,
              words: (all) => ({
                title: `ICMP redirects of ${all.hosts('server', 'router')} send traffic to other gateways`,
                description: 'Routers say which other gateway is nearer:',
                recommendation: 'Let hosts ignore ICMP redirects; where nobody set up two routers, find the senders.',
              }),
            },
          }),
      recommendation: 'Let hosts ignore ICMP redirects; where nobody set up two routers, find the sender.',
    },
  );
}

export function takeOvers(establishedSeconds: number, state: CaptureState, group: string, members: readonly GroupMember[]): FindingDraft[] {
  const [first, ...others] = [...members].sort((a, b) => a.since - b.since);
  if (first === undefined) return [];
  return others
    .filter(
      (one) => one.since - first.since >= Math.min(establishedSeconds, 3) && one.priority > first.priority && (one.priority >= OWNER || one.isCoup),
    )
    .map((one) =>
      wordedDraft(
        state,
        [
          { role: 'attacker', address: one.address },
          { role: 'gateway', address: first.address },
        ],
        one.evidence,
        `${addressFilter(one.address)} && (vrrp || hsrp)`,
        {
          technique: `take-over ${group}`,
          deed: 'took over the address of routers from {whom}',
          // A router that comes back after a repair takes over as well, with the priority that somebody gave it.
          severity: one.priority >= OWNER ? 'medium' : 'low',
          parts: [
            ['a newcomer with the highest priority there is', one.priority >= OWNER ? 60 : 0],
            ['a newcomer with a higher priority', one.priority >= OWNER ? 0 : 35],
            ['it takes over at once', one.isCoup ? 12 : 0],
          ],
          title: `${one.address} takes over ${group} from ${first.address}`,
          description: `${one.address} announced ${group} with priority ${one.priority}, ${Math.round(one.since - first.since)} s after ${first.address} with ${first.priority}.`,
          alternatives: [
            one.priority >= OWNER
              ? 'A fail-over to the router that owns the address.'
              : 'A router that is switched on, or back after a repair, and is meant to be the first.',
          ],
          attack: ['T1557'],
          recommendation: `Find out what ${one.address} is; protect the protocol by a key.`,
        },
      ),
    );
}
