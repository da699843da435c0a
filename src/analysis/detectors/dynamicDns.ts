/**
 * Services that give a name to whoever asks, at once and without a fee (No-IP, Dyn, Duck DNS, Dynu, FreeDNS ...): each name directly below these is somebody's own, as a
 * domain is. From the private section of https://publicsuffix.org/list/ and the services' own lists. Names below clouds and CDNs are machines, and not among them.
 */
import { registeredDomain } from './dnsDomains.ts';
import { remembered } from './remembered.ts';

const SUFFIXES: ReadonlySet<string> = new Set(
  [
    '3utilities.com accesscam.org ath.cx bounceme.net camdvr.org casacam.net changeip.com chickenkiller.com crabdance.com ddns.me ddns.net ddnsfree.com ddnsgeek.com',
    'ddnsking.com ddnss.de dedyn.io dns.army dnsalias.com dnsalias.net dnsalias.org dnsdojo.com duckdns.org dy.fi dynalias.com dynalias.net dynalias.org dyndns-at-home.com',
    'dyndns-free.com dyndns-home.com dyndns-ip.com dyndns-remote.com dyndns-server.com dyndns-web.com dyndns-work.com dyndns.biz dyndns.info dyndns.org dyndns.tv dyndns.ws',
    'dyndns1.de dynserv.org dynu.net freeddns.org freemyip.com giize.com gleeze.com gotdns.ch homeip.net homelinux.com homelinux.net homelinux.org homeunix.com homeunix.net',
    'hopto.me hopto.org ignorelist.com is-a-geek.com jumpingcrab.com kozow.com loseyourip.com mooo.com my-firewall.org mydns.jp myddns.me myftp.biz myftp.org myvnc.com',
    'mywire.org no-ip.biz no-ip.info no-ip.org noip.me noip.us now-dns.net now-dns.org nsupdate.info onthewifi.com ooguy.com redirectme.net selfip.com selfip.info selfip.net',
    'selfip.org servebeer.com serveftp.com servegame.com servehttp.com serveminecraft.net spdns.de spdns.org strangled.net sytes.net theworkpc.com tunk.org twmail.cc us.to',
    'viewdns.net webhop.me zapto.org',
  ]
    .join(' ')
    .split(' '),
);

const owned = remembered((name) => {
  const domain = registeredDomain(name);
  if (!SUFFIXES.has(domain) || name.length <= domain.length) return domain;
  return name.slice(name.lastIndexOf('.', name.length - domain.length - 2) + 1);
});

/** `host.duckdns.org` of `a.host.duckdns.org`, else the registered domain; empty for a public suffix. */
export function ownedDomain(name: string): string {
  return owned(name);
}
