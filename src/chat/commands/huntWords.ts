/** What a suspicion in plain words means to the analysis: which checks look for such a thing, and which words and addresses to look for. */
import { isIP } from 'node:net';
import type { Report } from '../../analysis/report.ts';

export interface Clues {
  /** Ids of checks of this report. */
  readonly checks: ReadonlySet<string>;
  /** Ids of those that see what often goes with it, and more often means nothing of the kind. */
  readonly hints: ReadonlySet<string>;
  /** Words to be found in titles, names and protocols, in lower case. */
  readonly terms: readonly string[];
  /** In lower case. */
  readonly addresses: readonly string[];
}

/** Beginnings of words as people use them, and the checks that have an eye on what they mean. */
const MEANT: readonly (readonly [words: RegExp, checks: readonly string[], hints?: readonly string[]])[] = [
  [
    /^(?:beacon|c2$|cnc$|callback|implant|backdoor|rat$|botnet|phon(?:e|ing)|home$|command$)/,
    ['beaconing', 'c2-framework', 'dga', 'known-bad-fingerprint', 'intel-match', 'dns-tunnel'],
    ['long-connection', 'odd-port', 'suspicious-user-agent', 'tor'],
  ],
  [/^(?:exfil|stole|steal|theft|leak|upload|smuggl)/, ['data-exfiltration', 'dns-tunnel', 'icmp-tunnel']],
  [
    /^(?:scan|recon|prob(?:e|ing)|sweep|nmap|masscan|discover)/,
    ['port-scan', 'host-sweep', 'distributed-scan', 'scanner-software', 'os-fingerprinting', 'service-enumeration', 'traceroute'],
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
      'ransomware',
      'executable-download',
      'beaconing',
      'intel-match',
      'exploit-attempt',
      'c2-framework',
      'known-bad-fingerprint',
      'dga',
      'tor',
      'web-shell',
      'lateral-movement',
      'cryptomining',
      'brute-force-success',
    ],
    ['suspicious-user-agent'],
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
    [
      'syn-flood',
      'udp-flood',
      'icmp-flood',
      'ip-flood',
      'amplification',
      'smurf',
      'land-attack',
      'fragment-attack',
      'http-flood',
      'slow-dos',
      'mac-flood',
    ],
  ],
  [/^(?:tunnel|covert|iodine)/, ['dns-tunnel', 'icmp-tunnel', 'odd-port']],
  [
    /^(?:spoof|poison|mitm|man-in|intercept|rogue)/,
    ['arp-spoofing', 'ndp-spoofing', 'rogue-dhcp', 'rogue-router', 'name-poisoning', 'ntlm-hash-exposure', 'stp-attack', 'wifi-attack'],
  ],
  [/^(?:lateral|pivot|psexec|wmi|remote)/, ['lateral-movement', 'smbv1', 'weak-rdp', 'remote-admin-tool']],
  [/^(?:exploit|vulnerab|cve|log4|shellshock|sqli?$|inject|eternal|zerologon|heartbleed|rce$|traversal)/, ['exploit-attempt']],
  [/^(?:tls|ssl|certif|cipher|encrypt)/, ['weak-tls', 'bad-certificate', 'weak-ssh', 'ransomware']],
  [/^(?:min(?:er|ing)|crypto(?:min|jack|$)|bitcoin|monero|stratum)/, ['cryptomining']],
  [/^(?:download|executable|macro|dropper|payload)/, ['executable-download']],
  [/^(?:prompt|ai$|llm)/, ['ai-prompt-injection']],
  [/^(?:rdp$|desktop)/, ['weak-rdp', 'brute-force']],
  [
    /^(?:cobalt|metasploit|meterpreter|empire$|sliver|asyncrat|njrat|trickbot|framework|remote$|controlled)/,
    ['c2-framework', 'known-bad-fingerprint', 'remote-admin-tool'],
  ],
  [/^(?:dga$|random|generated|nonexist|nxdomain|domains?$)/, ['dga', 'dns-tunnel', 'fast-flux']],
  [/^(?:fast-?flux|flux)/, ['fast-flux']],
  [/^(?:broadcast|storm|loops?$)/, ['broadcast-storm']],
  [/^(?:doh$|dot$|resolver|hidden|hid(?:es?|ing|den)$|anonym|evad|evas)/, ['encrypted-dns', 'tor', 'dns-tunnel', 'icmp-tunnel', 'odd-port']],
  [/^(?:tor$|onion|darknet|dark$)/, ['tor']],
  [/^(?:ja[34]s?$|fingerprint)/, ['known-bad-fingerprint', 'os-fingerprinting']],
  [/^(?:teamviewer|anydesk|screenconnect|rustdesk|support$|helpdesk)/, ['remote-admin-tool']],
  [/^(?:ics$|scada|ot$|plc|modbus|dnp3|s7|controller|industrial|bacnet|turbine|valve|pump)/, ['ics-write']],
  [/^(?:mac$|cam$|switch|stp$|spanning|bridge|bpdu|vlan|trunk|layer)/, ['mac-flood', 'stp-attack', 'vlan-hopping', 'arp-spoofing']],
  [/^(?:router|gateway|ipv6$|ra$|ndp?$|neighbou?r|redirect|hsrp|vrrp)/, ['rogue-router', 'ndp-spoofing', 'rogue-dhcp', 'arp-spoofing']],
  [/^(?:wi-?fi|wireless|wlan|deauth|802\.11|access$|evil-twin|handshake)/, ['wifi-attack']],
  [/^(?:webshell|shell)/, ['web-shell', 'c2-framework', 'exploit-attempt']],
  [
    /^(?:website|web$|http|page|dirb|gobuster|enumerat|zone$|axfr|walk)/,
    ['service-enumeration', 'http-flood', 'slow-dos', 'web-shell', 'exploit-attempt'],
  ],
  [/^(?:slow|loris|slowloris|exhaust|hang|unavailable|outage)/, ['slow-dos', 'syn-flood', 'http-flood', 'capture-quality']],
  [/^(?:snmp|community|public$|default)/, ['snmp-public']],
  [
    /^(?:reset|rst$|broken|disconnect|interrupt|hijack|malform|fuzz|crash|corrupt|damag)/,
    ['tcp-anomaly', 'malformed-traffic', 'fragment-attack', 'capture-quality'],
  ],
  [/^(?:drop|lost|loss|missing|incomplete|duplicate|truncat|snap|quality)/, ['capture-quality', 'tcp-anomaly']],
  [/^(?:trac(?:e$|ert|eroute|ing)|route|path$|hops?$|ttl$)/, ['traceroute']],
  [/^(?:kerber|roast|ticket|active$)/, ['kerberos-attack']],
];

/** Checks that some word of a suspicion leads to. */
export const MEANT_CHECKS: ReadonlySet<string> = new Set(MEANT.flatMap(([, checks, hints = []]) => [...checks, ...hints]));

/** They say nothing about what is meant. */
const COMMON =
  /^(?:the|and|for|was|were|are|is|has|have|had|been|being|any|some|somebody|someone|something|there|this|that|these|those|with|from|into|over|via|our|your|their|its|not|who|what|when|where|which|why|how|does|did|can|could|host|hosts|machine|device|computer|server|client|network|traffic|capture|packet|packets|connection|connections|internal|external|internet|data|using|used|use|show|find|tell|happen|happened|most|more|much|many|all|one|two|other|same|made|make|name|names|look|looks|like|please|about|address|addresses|frame|frames)$/;
const MOST_WORDS = 40;

export function cluesOf(suspicion: string, { coverage }: Pick<Report, 'coverage'>): Clues {
  const spoken = tokensOf(suspicion).filter((token) => addressIn(token) === null && !COMMON.test(token)),
    known = new Set(coverage.map(({ detector }) => detector)),
    checks = new Set<string>(),
    hints = new Set<string>();
  for (const word of spoken) {
    for (const [words, ids, others = []] of MEANT) {
      if (!words.test(word)) continue;
      for (const id of ids) if (known.has(id)) checks.add(id);
      for (const id of others) if (known.has(id)) hints.add(id);
    }
    // "port scan", "weak-tls": the words of an id, all of them.
    for (const id of known) if (word === id || (id.split('-').includes(word) && id.split('-').every((part) => spoken.includes(part)))) checks.add(id);
  }
  for (const id of checks) hints.delete(id);
  return { checks, hints, terms: [...new Set(spoken.filter((word) => word.length >= 3))], addresses: addressesIn(suspicion) };
}

/** The addresses that are named, in lower case, each once: IPv4, IPv6 and MAC, with or without a port. */
export function addressesIn(text: string): readonly string[] {
  return [...new Set(tokensOf(text).map(addressIn))].filter((address) => address !== null);
}

function tokensOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .slice(0, 2000)
    .split(/[^\p{L}\p{N}.:_-]+/u)
    .map((token) => token.replace(/^[.:_-]+|[.:_-]+$/g, ''))
    .filter((token) => token !== '')
    .slice(0, MOST_WORDS);
}

function addressIn(token: string): string | null {
  const isAddress = (text: string): boolean => isIP(text) !== 0 || /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text);
  if (isAddress(token)) return token;
  const withoutPort = token.replace(/:\d{1,5}$/, '');
  return isAddress(withoutPort) ? withoutPort : null;
}
