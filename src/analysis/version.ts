/** The version that reports carry; the build puts package.json's in its place. */
declare const NETSEC_VERSION: string;
export const VERSION: string = typeof NETSEC_VERSION === 'string' ? NETSEC_VERSION : '0.0.0-source';
