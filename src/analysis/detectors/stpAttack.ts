/**
 * Attacks on the spanning tree of switches: somebody claims to be its root, so that traffic passes him, or floods it with bridges or topology changes until
 * the network stands still. New switches and failures of the old root look like the first of these.
 */
import * as z from 'zod';
import { stpMessage } from '../../pcap/dissectors/stp.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { Burst, packetTime } from './measures.ts';
import { linkSource, wordedDraft } from './sightings.ts';
import { Evidence, Watched } from './watched.ts';

const options = z.object({
  bridges: z.int().min(5).default(30).describe('Different bridges that speak within ten seconds (bridges)'),
  topologyChanges: z.int().min(10).default(100).describe('Topology change notifications within ten seconds (frames)'),
  establishedSeconds: z
    .number()
    .min(1)
    .default(3)
    // More than one Hello Time of 2 s (IEEE 802.1D-2004, table 17-1): it was repeated. A bridge that starts claims the root too, so a claim alone is severity low.
    .describe('Time for which a root must have stood before another one may be called a claim (seconds)'),
});
type Options = z.output<typeof options>;

const WINDOW_SECONDS = 10,
  TOPOLOGY_CHANGE = 128,
  MOST_BRIDGES = 5000,
  MOST_TREES = 4096;

interface Root {
  readonly id: string;
  readonly mac: string;
  readonly priority: number;
  readonly since: number;
  last: number;
}
interface Claim {
  readonly before: Root;
  readonly root: Root;
  readonly sender: string;
  readonly evidence: Evidence;
}

export const stpAttack = defineDetector({
  id: 'stp-attack',
  title: 'Attacks on the spanning tree',
  tier: 2,
  deed: 'attacked the spanning tree',
  description:
    'A station takes the place of the root of the spanning tree, or floods switches with bridges and topology changes. A new switch, or the failure of the old root, changes the root too.',
  options,
  judgesHeaders: true,
  messages: [stpMessage.kind],
  create(_, state) {
    const bridges = new Watched<string, string>(MOST_BRIDGES),
      newcomers = new Burst(WINDOW_SECONDS),
      bridgeEvidence = new Evidence(),
      changes = new Burst(WINDOW_SECONDS),
      changeEvidence = new Evidence(),
      /** The root of each tree, by system id extension, which is the VLAN in practice. */
      roots = new Watched<number, { root: Root }>(MOST_TREES),
      claims = new Watched<string, Claim>(100);
    let changer = '',
      bridger = '';
    return {
      onMessage(message, _flow, p) {
        if (!stpMessage.is(message)) return;
        const now = packetTime(state, p);
        if (message.type === TOPOLOGY_CHANGE) {
          changes.add(now);
          changeEvidence.add(p, -1);
          changer = linkSource(p);
          return;
        }
        if (bridges.get(message.bridgeMac) === undefined && bridges.of(message.bridgeMac, () => message.bridgeMac) !== undefined) {
          newcomers.add(now);
          bridgeEvidence.add(p, -1);
          bridger = linkSource(p);
        }
        const id = `${(message.rootPriority & 0xf000).toString(16).padStart(4, '0')} ${message.rootMac}`,
          tree = roots.of(message.rootPriority & 0xfff, () => ({ root: rootOf(id, message.rootPriority, message.rootMac, now) }));
        if (tree === undefined) return;
        if (tree.root.id === id) {
          tree.root.last = now;
          claims.get(`${message.rootPriority & 0xfff} ${id}`)?.evidence.add(p, -1);
        } else if (id < tree.root.id) {
          // Lower is better. Whoever claims it for itself has no cost to it.
          const root = rootOf(id, message.rootPriority, message.rootMac, now),
            before = tree.root;
          tree.root = root;
          if (message.rootMac === message.bridgeMac)
            claims
              .of(`${message.rootPriority & 0xfff} ${id}`, () => ({ before, root, sender: linkSource(p), evidence: new Evidence() }))
              ?.evidence.add(p, -1);
        }
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const claim of claims.values)
          if (claim.before.last - claim.before.since >= values.establishedSeconds) findings.push(claimed(values, state, claim));
        if (newcomers.most >= values.bridges)
          findings.push(
            flooded(state, bridger, bridgeEvidence, 'bridges', newcomers.most, values.bridges, 'bridges that were not seen before', 'high'),
          );
        if (changes.most >= values.topologyChanges)
          findings.push(flooded(state, changer, changeEvidence, 'changes', changes.most, values.topologyChanges, 'topology changes', 'medium'));
        return {
          findings,
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...bridges.limits('bridges'), ...roots.limits('trees')]),
        };
      },
    };
  },
});

function rootOf(id: string, priority: number, mac: string, now: number): Root {
  return { id, mac, priority: priority & 0xf000, since: now, last: now };
}

/** Yersinia takes the root's own identifier, a little lower. */
function isNextTo(one: string, other: string): boolean {
  const value = (mac: string): number => parseInt(mac.replaceAll(':', ''), 16);
  return Math.abs(value(one) - value(other)) <= 0x10000 && one.slice(0, 8) === other.slice(0, 8);
}

function claimed(values: Options, state: CaptureState, { before, root, sender, evidence }: Claim): FindingDraft {
  const isNear = before.priority === root.priority && isNextTo(before.mac, root.mac),
    isForged = sender !== '' && sender !== root.mac && !isNextTo(sender, root.mac);
  return wordedDraft(
    state,
    [
      { role: 'attacker', address: sender || root.mac },
      { role: 'victim', address: before.mac },
    ],
    evidence,
    `stp.root.hw == ${root.mac}`,
    {
      technique: 'root-claim',
      deed: 'took the root of the spanning tree from {whom}',
      severity: isNear || root.priority === 0 ? 'medium' : 'low',
      parts: [
        ['the root changed while the old one was there', 45],
        ['its identifier is next to that of the old one', isNear ? 25 : 0],
        ['it has the best priority there is', root.priority === 0 ? 15 : 0],
        ['it was sent by another address', isForged ? 8 : 0],
      ],
      title: `${sender || root.mac} claims the root of the spanning tree from ${before.mac}`,
      description: `The root ${before.mac} (priority ${before.priority}) had stood for ${Math.round(before.last - before.since)} s (threshold ${values.establishedSeconds}) when ${root.mac} (priority ${root.priority}) was announced as a better one.`,
      alternatives: ['A new switch, or one whose priority was changed.'],
      attack: ['T1557'],
      recommendation: 'Turn on root guard and BPDU guard where stations are connected, and find the port that this came from.',
    },
  );
}

function flooded(
  state: CaptureState,
  sender: string,
  evidence: Evidence,
  technique: string,
  most: number,
  threshold: number,
  what: string,
  severity: 'medium' | 'high',
): FindingDraft {
  return wordedDraft(state, [{ role: 'attacker', address: sender }], evidence, 'stp', {
    technique: `${technique}-flood`,
    deed: 'flooded the spanning tree',
    severity,
    parts: [
      ['far more than any network has', 70],
      ['many times the threshold', Math.min(15, 5 * Math.log2(most / threshold))],
    ],
    title: `The spanning tree is flooded: ${countText(most)} ${what} within ${WINDOW_SECONDS} s`,
    description: `${countText(most)} ${what} came within ${WINDOW_SECONDS} s (threshold ${threshold}); switches empty their tables or run out of memory.`,
    indicators: [{ name: what, value: most, threshold }],
    alternatives: ['A loop or a broken link that comes and goes.'],
    attack: ['T1499'],
    recommendation: 'Turn on BPDU guard where stations are connected, and find the port that this came from.',
  });
}
