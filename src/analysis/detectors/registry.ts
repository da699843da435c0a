/** The detectors. One file each; one line here admits it. */
export { portScan } from './portScan.ts';
