/** Questions that need no language model. */
export { transferredFiles } from './transferredFiles.ts';
export { troubles } from './troubles.ts';
export { calledNames } from './calledNames.ts';
export { usedProtocols } from './usedProtocols.ts';
export { betweenHosts } from './betweenHosts.ts';
export { oneHost } from './oneHost.ts';
export { talkers } from './talkers.ts';
export { size } from './size.ts';
export { presentHosts } from './presentHosts.ts';
