/**
 * Lateral movement: somebody with a password goes from one Windows host to the next by what administrators use: a program is copied into an administrative
 * share, a service or a task is installed and started, the registry is written, WMI calls a method. Deployment of software and remote support do the same.
 */
import * as z from 'zod';
import { rpcMessage, type RpcMessage } from '../../pcap/dissectors/dcerpc.ts';
import { httpRequestMessage } from '../../pcap/http/messages.ts';
import { smbTreeMessage, smbWriteMessage } from '../../pcap/smbMessages.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { safeText } from '../exports/safeText.ts';
import type { Severity } from '../report.ts';
import { rdpChains } from './rdpChains.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const options = z.object({
  acts: z.int().min(1).default(1).describe('Acts of remote control by one host on another from which they are told (acts)'),
  remoteManagement: z.boolean().default(true).describe('Also tell of WinRM sessions, which scripts of administrators use too (yes or no)'),
});
type Options = z.output<typeof options>;

/** Acts from the strongest on: the first one that was seen names the finding; those that a server refused each time are told as tried. */
const ACTS = {
  'service-start': {
    severity: 'medium',
    points: 70,
    text: 'installed a service and started it',
    tried: 'tried to install a service and to start it',
    attack: ['T1569.002', 'T1021.002'],
  },
  service: { severity: 'medium', points: 60, text: 'installed a service', tried: 'tried to install a service', attack: ['T1543.003', 'T1021.002'] },
  task: {
    severity: 'medium',
    points: 60,
    text: 'made a scheduled task',
    tried: 'tried to make a scheduled task',
    attack: ['T1053.005', 'T1021.002'],
  },
  'registry-save': {
    severity: 'medium',
    points: 60,
    text: 'saved a hive of the registry, where hashes of passwords are',
    tried: 'tried to save a hive of the registry, where hashes of passwords are',
    attack: ['T1003.002', 'T1021.002'],
  },
  replication: {
    severity: 'medium',
    points: 65,
    text: 'asked for the passwords of the whole domain by replication (DCSync)',
    tried: 'asked in vain for the passwords of the whole domain by replication (DCSync)',
    attack: ['T1003.006'],
  },
  coercion: {
    severity: 'medium',
    points: 60,
    text: 'forced a log-on to another host (coerced authentication)',
    tried: 'tried to force a log-on to another host (coerced authentication)',
    attack: ['T1187'],
  },
  program: {
    severity: 'medium',
    points: 60,
    text: 'wrote a program into an administrative share',
    tried: 'tried to write a program into an administrative share',
    attack: ['T1570', 'T1021.002'],
  },
  wmi: { severity: 'low', points: 50, text: 'called methods over WMI', tried: 'tried to call methods over WMI', attack: ['T1047', 'T1021.003'] },
  registry: {
    severity: 'low',
    points: 50,
    text: 'wrote into the registry',
    tried: 'tried to write into the registry',
    attack: ['T1112', 'T1021.002'],
  },
  winrm: {
    severity: 'info',
    points: 50,
    text: 'used Windows Remote Management',
    tried: 'tried to use Windows Remote Management',
    attack: ['T1021.006'],
  },
} as const satisfies Record<string, { severity: Severity; points: number; text: string; tried: string; attack: readonly string[] }>;
type Act = keyof typeof ACTS;

const MOST_PAIRS = 10_000,
  MOST_NAMES = 20,
  /** Kerberos, LDAP and the global catalogue. */
  DIRECTORY_PORTS = new Set([88, 389, 636, 3268, 3269]),
  ADMIN_SHARE = /\\(?:ADMIN|[A-Z])\$$/i,
  PROGRAM = /\.(?:exe|dll|sys|scr|com|bat|cmd|ps1|vbs|js|hta|msi)$/i,
  CALLS: Readonly<Record<string, Act>> = {
    NetrJobAdd: 'task',
    SchRpcRegisterTask: 'task',
    BaseRegSaveKey: 'registry-save',
    BaseRegSaveKeyEx: 'registry-save',
    BaseRegSetValue: 'registry',
    DRSGetNCChanges: 'replication',
    EfsRpcOpenFileRaw: 'coercion',
    EfsRpcEncryptFileSrv: 'coercion',
    EfsRpcDecryptFileSrv: 'coercion',
    EfsRpcQueryUsersOnFile: 'coercion',
    EfsRpcQueryRecoveryAgents: 'coercion',
    NetrDfsRemoveStdRoot: 'coercion',
    ExecMethod: 'wmi',
    ExecMethodAsync: 'wmi',
  };

/** RFC 1831 and [MS-ERREF]: an HRESULT is a failure with its highest bit. */
const HRESULT_FAILED = 0x8000_0000,
  ACCESS_DENIED = 5;

interface Pair {
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly acts: Set<Act>;
  /** Calls of each act, and those that were answered by a fault or an error. */
  readonly asked: Map<Act, number>;
  readonly refused: Map<Act, number>;
  count: number;
  readonly shares: Set<string>;
  readonly names: Set<string>;
  readonly calls: Set<string>;
  deleted: boolean;
  sealed: boolean;
}

export const lateralMovement = defineDetector({
  id: 'lateral-movement',
  title: 'Lateral movement',
  tier: 2,
  deed: '{what} on {whom}',
  description:
    'One Windows host controls another by services, tasks, the registry, WMI or programs in administrative shares. Deployment of software, monitoring and administrators do the same from few hosts.',
  options,
  messages: [rpcMessage.kind, smbWriteMessage.kind, smbTreeMessage.kind, httpRequestMessage.kind],
  create(_, state) {
    const pairs = new Watched<string, Pair>(MOST_PAIRS);
    const pairOf = (flow: number): Pair | undefined => {
      const ends = endsOf(state, flow);
      return pairs.of(pairKey(ends), () => newPair(ends));
    };
    const act = (what: Act, flow: number, p: Packet): Pair | undefined => {
      const pair = pairOf(flow);
      if (pair === undefined) return undefined;
      pair.acts.add(what);
      pair.count++;
      pair.evidence.add(p, flow);
      return pair;
    };
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (rpcMessage.is(message)) {
          if (message.type === 'request') called(message, flow, p, act, pairOf);
          else answered(message, flow, p, pairs.get(pairKey(endsOf(state, flow))));
        } else if (smbTreeMessage.is(message)) {
          if (message.status === 0 && ADMIN_SHARE.test(message.path)) note(pairOf(flow)?.shares, message.path);
        } else if (smbWriteMessage.is(message)) {
          if (!ADMIN_SHARE.test(message.share) || !(message.isProgram || PROGRAM.test(message.path))) return;
          note(act('program', flow, p)?.names, message.path);
        } else if (httpRequestMessage.is(message) && message.method === 'POST' && /^\/wsman\b/i.test(message.uri)) act('winrm', flow, p);
      },
      evaluate: (values) => ({
        findings: [
          ...[...pairs.values].filter((pair) => isTold(values, pair) && !isReplication(state, pair)).map((pair) => draft(values, pair)),
          ...rdpChains(state),
        ],
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...pairs.limits('pairs of hosts with remote control')]),
      }),
    };
  },
});

function isTold(values: Options, { acts, count }: Pair): boolean {
  return count >= values.acts && acts.size > (acts.has('winrm') && !values.remoteManagement ? 1 : 0);
}

/** Domain controllers replicate from each other all day: they answer Kerberos and LDAP themselves. */
function isReplication(state: CaptureState, { ends, acts }: Pair): boolean {
  const { flows } = state;
  if (!acts.has('replication') || acts.size > 1) return false;
  for (let row = 0; row < flows.count; row++) {
    const at = row * F.INTS;
    if (
      DIRECTORY_PORTS.has(flows.ints[at + F.PORTS]! & 0xffff) &&
      (flows.ints[at + F.FLAGS]! & F.DATA_B) !== 0 &&
      endsOf(state, row).server === ends.client
    )
      return true;
  }
  return false;
}

function newPair(ends: Ends): Pair {
  return {
    ends,
    evidence: new Evidence(),
    acts: new Set(),
    asked: new Map(),
    refused: new Map(),
    count: 0,
    shares: new Set(),
    names: new Set(),
    calls: new Set(),
    deleted: false,
    sealed: false,
  };
}

function note(names: Set<string> | undefined, text: string): void {
  if (names !== undefined && names.size < MOST_NAMES) names.add(text);
}

const pairKey = ({ client, server }: Ends): string => `${client} ${server}`;

/** What a call of this interface is; null where it is none of the acts. */
function actOf({ interface: name, operation }: RpcMessage): Act | null {
  if (operation === null) return null;
  if (name !== 'svcctl') return CALLS[operation] ?? null;
  return operation.startsWith('Create') ? 'service' : operation.startsWith('StartService') ? 'service-start' : null;
}

/** The server refuses: the act was tried and no more. */
function answered(message: RpcMessage, flow: number, p: Packet, pair: Pair | undefined): void {
  const what = actOf(message);
  if (what === null || pair === undefined || !isRefusal(what, message)) return;
  pair.refused.set(what, (pair.refused.get(what) ?? 0) + 1);
  pair.evidence.add(p, flow);
}

function isRefusal(what: Act, { type, returned }: RpcMessage): boolean {
  if (type === 'fault') return true;
  if (type !== 'response' || returned <= 0) return false;
  // A host that was made to log on elsewhere mostly says that it did not find the path.
  if (what === 'coercion') return returned === ACCESS_DENIED;
  return what === 'task' || what === 'wmi' ? returned >= HRESULT_FAILED : true;
}

const isInVain = ({ asked, refused }: Pair, what: Act): boolean => (asked.get(what) ?? 0) > 0 && (refused.get(what) ?? 0) >= asked.get(what)!;

function called(
  message: RpcMessage,
  flow: number,
  p: Packet,
  act: (what: Act, flow: number, p: Packet) => Pair | undefined,
  pairOf: (flow: number) => Pair | undefined,
): void {
  const { interface: name, operation, strings, sealed } = message,
    what = actOf(message);
  if (operation === null) return;
  if (what === 'service-start' || (name === 'svcctl' && operation.startsWith('DeleteService'))) {
    // Starting and removing a service count where one was installed.
    const pair = pairOf(flow);
    if (pair === undefined || !pair.acts.has('service') || isInVain(pair, 'service')) return;
    pair.evidence.add(p, flow);
    note(pair.calls, operation);
    if (what === 'service-start') {
      pair.acts.add(what);
      pair.asked.set(what, (pair.asked.get(what) ?? 0) + 1);
    } else pair.deleted = true;
    return;
  }
  const pair = what === null ? undefined : act(what, flow, p);
  if (what === null || pair === undefined) return;
  pair.asked.set(what, (pair.asked.get(what) ?? 0) + 1);
  note(pair.calls, operation);
  pair.sealed ||= sealed;
  if (what !== 'service') return;
  // Name and program only: what follows on the command line may be a secret.
  if (strings[0] !== undefined) note(pair.names, strings[0]);
  const program = strings.find((text, i) => i > 0 && /[\\%]/.test(text));
  if (program !== undefined) note(pair.names, /^(?:"[^"]*"|\S+)/.exec(program)?.[0] ?? '');
}

function draft(values: Options, pair: Pair): FindingDraft {
  const { ends, evidence, acts, count, shares, names, calls, deleted, sealed } = pair,
    { client, server, serverPort } = ends,
    did = (what: Act): boolean => acts.has(what) && !isInVain(pair, what),
    seen = (Object.keys(ACTS) as Act[]).filter((one) => acts.has(one)),
    known = [...seen.filter((one) => did(one) && !(one === 'service' && did('service-start'))), ...seen.filter((one) => !did(one))],
    strongest = known[0]!,
    isRefused = !did(strongest),
    { points, severity } = ACTS[strongest],
    textOf = (what: Act): string => (did(what) ? ACTS[what].text : ACTS[what].tried),
    words = textOf(strongest);
  const created = did('service'),
    isRemoved = created && did('service-start') && deleted,
    isCopied = acts.has('program') && created,
    high = isRemoved || isCopied;
  const { confidence, indicators } = confidenceOf([
    [words, points],
    ['the server refused each call', isRefused ? -10 : 0],
    ['the service was removed again at once, as tools of attackers and PsExec do', isRemoved ? 15 : 0],
    ['a program was copied for it', isCopied ? 15 : 0],
    ['several kinds of remote control', known.length > 1 ? 5 : 0],
  ]);
  const list = (texts: ReadonlySet<string>): string =>
      [...texts]
        .slice(0, 5)
        .map((text) => safeText(text, 80))
        .join(', '),
    said = known.map(textOf).join(', ');
  return {
    technique: strongest,
    what: words.replace(/,.*/, ''),
    severity: high ? 'high' : severity,
    confidence,
    title: `${client} ${words}${strongest === 'program' || strongest === 'winrm' ? `: ${server}` : ` on ${server}`}${isRefused ? ', which refused' : ''}`,
    description: `${client} ${said} on ${server}: ${plural(count, 'act')} (threshold ${values.acts}).${calls.size > 0 ? ` Calls: ${list(calls)}.` : ''}${
      names.size > 0 ? ` Names: ${list(names)}.` : ''
    }${shares.size > 0 ? ` Administrative shares: ${list(shares)}.` : ''}${sealed ? ' The calls are sealed: their names and programs cannot be read.' : ''}${isRefused ? ' The server answered each of these calls with a fault or an error.' : ''}`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'acts of remote control', value: count, threshold: values.acts },
      { name: 'how', value: known.join(', ') },
      ...(calls.size > 0 ? [{ name: 'calls', value: list(calls) }] : []),
      ...(names.size > 0 ? [{ name: 'services and programs', value: list(names) }] : []),
      ...(shares.size > 0 ? [{ name: 'administrative shares', value: list(shares) }] : []),
      ...indicators,
    ],
    alternatives: [
      'An administrator, or software that deploys, backs up or monitors: then it is always the same host.',
      'PsExec or a script in the hands of the support.',
      ...(acts.has('replication')
        ? ['A domain controller, or a program that keeps passwords in step with a cloud, such as Microsoft Entra Connect.']
        : []),
    ],
    filter: `${addressFilter(client, server)} && ${strongest === 'winrm' ? 'http' : strongest === 'program' ? '(smb || smb2)' : 'dcerpc'}`,
    attack: [...new Set(known.flatMap((one) => ACTS[one].attack))],
    together: {
      key: `${client} ${strongest} ${high ? 'high' : ''}${isRefused ? 'refused' : ''}`,
      label: server,
      note: names.size > 0 ? list(names) : plural(count, 'act'),
      words: (all) => ({
        title: `${client} ${words}${strongest === 'program' || strongest === 'winrm' ? ': ' : ' on '}${all.hosts('victim', 'host')}${isRefused ? ', which refused' : ''}`,
        description: `${client} did the same on one host after the other:`,
        recommendation: `Ask who works on these hosts from ${client}. If nobody does, isolate all of them, look for the service, task or program named here, and change the passwords that were used.`,
      }),
    },
    recommendation: isRefused
      ? `Ask who works on ${server} from ${client}. If nobody does, isolate ${client} and change the password that it logged in with; ${server} refused, so look there for what was tried before or after.`
      : `Ask who works on ${server} from ${client}. If nobody does, isolate both, look for the service, task or program named here, and change the passwords that were used.`,
  };
}
