/**
 * What the engine needs from the machine it runs on and JavaScript itself does not have. A shell installs one at start-up
 * (`installPlatform(nodePlatform)`); without one, hashes and what is made of them (JA3, JA4, HASSH, fingerprints) are null.
 */
export interface Platform {
  /** Lower-case hexadecimal digest. */
  md5(data: Uint8Array | string): string;
  sha256(data: Uint8Array | string): string;
}

let installed: Platform | null = null;

export function installPlatform(platform: Platform | null): void {
  installed = platform;
}

export function md5(data: Uint8Array | string): string | null {
  return installed === null ? null : installed.md5(data);
}

export function sha256(data: Uint8Array | string): string | null {
  return installed === null ? null : installed.sha256(data);
}
