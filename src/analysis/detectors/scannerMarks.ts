/** By which words scanning and attack tools give themselves away. */

/** Names as the tools send them by default, from their sources. */
export const SCANNER_NAMES: readonly (readonly [tool: string, mark: RegExp])[] = [
  ['Nmap', /Nmap Scripting Engine|^SSH-\d\.\d-Nmap/i],
  ['masscan', /\bmasscan\b/i],
  ['ZGrab', /\bzgrab\b/i],
  ['Nikto', /\bNikto\b/i],
  ['sqlmap', /^sqlmap\//i],
  ['Hydra', /\(Hydra(?: Proxy)?\)/i],
  ['Gobuster', /^gobuster\//i],
  ['Nuclei', /\bnuclei\b.{0,40}projectdiscovery|^Nuclei - /i],
  ['WPScan', /^WPScan v/i],
  ['DirBuster', /^DirBuster-/i],
  ['ffuf', /^Fuzz Faster U Fool/i],
  ['feroxbuster', /^feroxbuster\//i],
  ['Wfuzz', /^Wfuzz\//i],
  ['Arachni', /^Arachni\//i],
  ['w3af', /\bw3af\b/i],
  ['WhatWeb', /^WhatWeb\//i],
  ['Nessus', /\bNessus\b/i],
  ['OpenVAS', /\bOpenVAS\b/i],
  ['Acunetix', /\bAcunetix\b/i],
  ['Netsparker', /\bNetsparker\b/i],
  ['Jorgee', /Mozilla\/5\.0 Jorgee/i],
  ['ZmEu', /^ZmEu$/i],
  ['Morfeus', /Morfeus (?:F\w+ )?Scanner/i],
  ['CensysInspect', /CensysInspect\//i],
  ['httpx', /^httpx - Open-source/i],
  ['commix', /^commix\//i],
  ['Wapiti', /\bWapiti\//i],
  ['skipfish', /\bskipfish\b|\bSF\/2\.\d/i],
  ['Havij', /\bHavij\b/i],
  ['fimap', /^fimap\b/i],
  ['Medusa', /^SSH-2\.0-MEDUSA/i],
  ['SIPVicious', /^(?:friendly-(?:scanner|request)|sipvicious|sundayddr)/i],
  ['smap', /^smap \d/],
  ['SIVuS', /^SIVuS/i],
];

/** Pages that Nmap asks for to see what a server says of what is not there: nmap-service-probes (FourOhFourRequest) and nselib/http.lua. */
export const NMAP_PAGES = /^\/(?:nice%20ports%2C\/Tri|nmaplowercheck\d|NmapUpperCheck\d|Nmap\/folder\/check)/;

/** Whom Nmap asks for over SIP: nmap-service-probes (SIPOptions). */
export const NMAP_SIP = 'sip:nm';
