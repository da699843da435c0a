/** The detectors. One file each; one line here admits it. */
export { captureQuality } from './captureQuality.ts';
export { portScan } from './portScan.ts';
export { synFlood } from './synFlood.ts';
