/**
 * Which objects of a directory a search wants all of: users, groups, computers, trusts ... Whoever looks for somebody names whom, or says what the name begins with;
 * tools that draw a map of a domain (BloodHound, ldapdomaindump, ADRecon) name nobody, and ask for the permissions with it.
 */
import type { LdapSearchMessage } from '../../pcap/dissectors/ldap.ts';
import { remembered } from './remembered.ts';

export const EVERYTHING = 'everything',
  PERMISSIONS = 'permissions (nTSecurityDescriptor)';

const WHOLE_SUBTREE = 2;
/** The root of a domain, or of a forest where the port is the global catalogue's. */
const ROOT = /^(?:(?:dc|o|c)=[^,]+(?:, ?|$))*$/i;
/** A search that says who is wanted: a value, or the beginning of one. */
const NAMED =
  /\((?:cn|uid|mail|proxyAddresses|name|sn|givenName|displayName|anr|sAMAccountName|userPrincipalName|objectSid|objectGUID|distinguishedName|entryDN|member|memberOf|uniqueMember|memberUid|uidNumber|gidNumber|dNSHostName|employeeID|ou|telephoneNumber)(?::[^=)]*)?[~<>]?=(?!\*\))/i;
const OBJECTS: readonly (readonly [string, RegExp])[] = [
  ['users', /samAccountType=805306368|object(?:Category|Class)=(?:CN=)?(?:person|user|inetOrgPerson|organizationalPerson|posixAccount)\b/i],
  ['groups', /samAccountType=(?:26843545[67]|53687091[23])|object(?:Category|Class)=(?:CN=)?(?:group|groupOfNames|groupOfUniqueNames|posixGroup)\b/i],
  ['computers', /samAccountType=805306369|object(?:Category|Class)=(?:CN=)?computer\b/i],
  ['trusts', /object(?:Category|Class)=(?:CN=)?trustedDomain\b/i],
  ['group policies', /object(?:Category|Class)=(?:CN=)?groupPolicyContainer\b|\(gPLink=/i],
  ['organizational units', /object(?:Category|Class)=(?:CN=)?organizationalUnit\b/i],
  ['domains', /object(?:Category|Class)=(?:CN=)?domain(?:DNS)?\)/i],
  [EVERYTHING, /^\(object(?:Class|Category|GUID|Sid)=\*\)$/i],
];
export const isNamed = (filter: string): boolean => NAMED.test(filter);
const objectsOf = remembered<readonly string[]>((filter) =>
  isNamed(filter) ? [] : OBJECTS.filter(([, pattern]) => pattern.test(filter)).map(([name]) => name),
);

export function objectsOfSearch({ scope, base, filter, attributes }: LdapSearchMessage): readonly string[] {
  if (scope !== WHOLE_SUBTREE) return [];
  const objects = objectsOf(filter);
  if (objects.length === 0 || !ROOT.test(base)) return [];
  return attributes.some((name) => name.toLowerCase() === 'ntsecuritydescriptor') ? [...objects, PERMISSIONS] : objects;
}
