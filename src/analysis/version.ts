/** The version that reports carry; the build puts package.json's in its place. */
declare const NETSEC_VERSION: string;
export const VERSION: string = typeof NETSEC_VERSION === 'string' ? NETSEC_VERSION : '0.0.0-source';

/** Differs between two builds of one version whose sources differ: what one found must not be taken for what the other would find. */
declare const NETSEC_BUILD: string;
export const BUILD: string = typeof NETSEC_BUILD === 'string' ? NETSEC_BUILD : 'source';
