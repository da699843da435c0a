/** Questions that need no language model, in the order in which they are tried: what is asked of an address says more than that it is named. */
export { transferredFiles } from './transferredFiles.ts';
export { troubles } from './troubles.ts';
export { calledNames } from './calledNames.ts';
export { usedProtocols } from './usedProtocols.ts';
export { betweenHosts } from './betweenHosts.ts';
export { oneHost } from './oneHost.ts';
export { talkers } from './talkers.ts';
export { size } from './size.ts';
export { presentHosts } from './presentHosts.ts';
