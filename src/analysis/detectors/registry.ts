/** The detectors. One file each; one line here admits it. */
export { badCertificate } from './badCertificate.ts';
export { captureQuality } from './captureQuality.ts';
export { cleartextCredentials } from './cleartextCredentials.ts';
export { fragmentAttack } from './fragmentAttack.ts';
export { icmpFlood } from './icmpFlood.ts';
export { insecureProtocol } from './insecureProtocol.ts';
export { landAttack } from './landAttack.ts';
export { portScan } from './portScan.ts';
export { smbv1 } from './smbv1.ts';
export { smurf } from './smurf.ts';
export { snmpPublic } from './snmpPublic.ts';
export { synFlood } from './synFlood.ts';
export { weakSsh } from './weakSsh.ts';
export { weakTls } from './weakTls.ts';
