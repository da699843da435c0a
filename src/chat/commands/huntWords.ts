/** What a suspicion in plain words means to the analysis: which checks look for such a thing, and which words and addresses to look for. */
import { isIP } from 'node:net';
import type { Report } from '../../analysis/report.ts';

export interface Clues {
  /** Ids of checks of this report. */
  readonly checks: ReadonlySet<string>;
  /** Words to be found in titles, names and protocols, in lower case. */
  readonly terms: readonly string[];
  /** In lower case. */
  readonly addresses: readonly string[];
}

/** Beginnings of words as people use them, and the checks that have an eye on what they mean. */
const MEANT: readonly (readonly [words: RegExp, checks: readonly string[]])[] = [
  [
    /^(?:beacon|c2$|cnc$|callback|implant|backdoor|rat$|botnet|phon(?:e|ing)|home$|command$)/,
    ['beaconing', 'long-connection', 'odd-port', 'intel-match', 'suspicious-user-agent', 'dns-tunnel'],
  ],
  [/^(?:exfil|stole|steal|theft|leak|upload|smuggl)/, ['data-exfiltration', 'dns-tunnel', 'icmp-tunnel']],
  [
    /^(?:scan|recon|prob(?:e|ing)|sweep|nmap|masscan|discover)/,
    ['port-scan', 'host-sweep', 'distributed-scan', 'scanner-software', 'os-fingerprinting'],
  ],
  [/^(?:brute|guess|spray|stuffing)/, ['brute-force', 'brute-force-success', 'kerberos-attack']],
  [
    /^(?:password|credential|login|logon|secret|account)/,
    ['cleartext-credentials', 'brute-force', 'brute-force-success', 'kerberos-attack', 'ntlm-hash-exposure'],
  ],
  [/^(?:clear(?:text)?$|plain(?:text)?$|unencrypt|insecure|telnet|ftp$)/, ['cleartext-credentials', 'insecure-protocol']],
  [
    /^(?:malware|infect|trojan|virus|worm|ransom|compromis|hacked|breach|spyware|stealer)/,
    [
      'executable-download',
      'beaconing',
      'intel-match',
      'exploit-attempt',
      'suspicious-user-agent',
      'lateral-movement',
      'cryptomining',
      'brute-force-success',
    ],
  ],
  [
    /^(?:attack|threat|danger|evil|malicious|suspicious|intru)/,
    [
      'exploit-attempt',
      'brute-force',
      'brute-force-success',
      'port-scan',
      'lateral-movement',
      'syn-flood',
      'udp-flood',
      'icmp-flood',
      'arp-spoofing',
      'kerberos-attack',
    ],
  ],
  [
    /^(?:d?dos$|flood|denial|overload|amplif|reflect|smurf)/,
    ['syn-flood', 'udp-flood', 'icmp-flood', 'amplification', 'smurf', 'land-attack', 'fragment-attack'],
  ],
  [/^(?:tunnel|covert|iodine)/, ['dns-tunnel', 'icmp-tunnel', 'odd-port']],
  [/^(?:spoof|poison|mitm|man-in|intercept|rogue)/, ['arp-spoofing', 'rogue-dhcp', 'name-poisoning', 'ntlm-hash-exposure']],
  [/^(?:lateral|pivot|psexec|wmi|remote)/, ['lateral-movement', 'smbv1', 'weak-rdp']],
  [/^(?:exploit|vulnerab|cve|log4|shellshock|sqli?$|inject|eternal|zerologon|heartbleed|rce$|traversal)/, ['exploit-attempt']],
  [/^(?:tls|ssl|certif|cipher|encrypt)/, ['weak-tls', 'bad-certificate', 'weak-ssh']],
  [/^(?:min(?:er|ing)|crypto(?:min|jack|$)|bitcoin|monero|stratum)/, ['cryptomining']],
  [/^(?:download|executable|macro|dropper|payload)/, ['executable-download']],
  [/^(?:prompt|ai$|llm)/, ['ai-prompt-injection']],
  [/^(?:rdp$|desktop)/, ['weak-rdp', 'brute-force']],
  [/^(?:kerber|roast|ticket|active$)/, ['kerberos-attack']],
];

/** They say nothing about what is meant. */
const COMMON =
  /^(?:the|and|for|was|were|are|is|has|have|had|been|being|any|some|somebody|someone|something|there|this|that|these|those|with|from|into|over|via|our|your|their|its|not|who|what|when|where|which|why|how|does|did|can|could|host|hosts|machine|device|computer|server|client|network|traffic|capture|packet|packets|connection|connections|internal|external|internet|data|using|used|use|show|find|tell|happen|happened|most|more|much|many|all|one|two|other|same|made|make|name|names|look|looks|like|please|about|address|addresses|frame|frames)$/;
const MOST_WORDS = 40;

export function cluesOf(suspicion: string, { coverage }: Pick<Report, 'coverage'>): Clues {
  const tokens = suspicion
    .toLowerCase()
    .slice(0, 2000)
    .split(/[^\p{L}\p{N}.:_-]+/u)
    .map((token) => token.replace(/^[.:_-]+|[.:_-]+$/g, ''))
    .filter((token) => token !== '')
    .slice(0, MOST_WORDS);
  const isAddress = (token: string): boolean => isIP(token) !== 0 || /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(token);
  const addresses = tokens.map((token) => (isAddress(token) ? token : token.replace(/:\d{1,5}$/, ''))).filter(isAddress),
    spoken = tokens.filter((token) => !isAddress(token) && !COMMON.test(token)),
    known = new Set(coverage.map(({ detector }) => detector)),
    checks = new Set<string>();
  for (const word of spoken) {
    for (const [words, ids] of MEANT) if (words.test(word)) for (const id of ids) if (known.has(id)) checks.add(id);
    // "port scan", "weak-tls": the words of an id, all of them.
    for (const id of known) if (word === id || (id.split('-').includes(word) && id.split('-').every((part) => spoken.includes(part)))) checks.add(id);
  }
  return { checks, terms: [...new Set(spoken.filter((word) => word.length >= 3))], addresses: [...new Set(addresses)] };
}
