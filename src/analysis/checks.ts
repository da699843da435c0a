/** The catalogue of checks, so that a report can say which of them do not exist yet. Ids are those of docs/detections.md. */

/** Tier 1: what "no threats" is about. */
export const TIER_1_CHECKS = [
  'port-scan', 'host-sweep', 'brute-force', 'cleartext-credentials', 'beaconing', 'dns-tunnel', 'icmp-tunnel', 'odd-port', 'data-exfiltration', 'executable-download', 'exploit-attempt', 'syn-flood', 'udp-flood', 'icmp-flood',
  'amplification', 'land-attack', 'smurf', 'fragment-attack', 'arp-spoofing', 'rogue-dhcp', 'name-poisoning', 'weak-tls', 'bad-certificate', 'weak-ssh', 'smbv1', 'weak-rdp', 'snmp-public', 'insecure-protocol', 'capture-quality', 'ai-prompt-injection',
] as const;
