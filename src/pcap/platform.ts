/**
 * What the engine needs from the machine it runs on and JavaScript itself does not have. A shell installs one at start-up
 * (`installPlatform(nodePlatform)`); without one, hashes and what is made of them (JA3, JA4, HASSH, fingerprints) are null.
 */
export interface Platform {
  /** Lower-case hexadecimal digest. */
  md5(data: Uint8Array | string): string;
  sha256(data: Uint8Array | string): string;
  /** The beginning of what gzip or zlib data inflate to, as far as these bytes go and at most 64 KiB; null where they are neither. */
  inflateStart(data: Uint8Array): Uint8Array | null;
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

/** The beginning of gzip or zlib data as text, one character a byte, at most 4,096; null where it cannot be read here. */
export function gunzipStart(data: Uint8Array): string | null {
  const inflated = installed?.inflateStart(data) ?? null;
  return inflated === null ? null : String.fromCharCode(...inflated.subarray(0, 4096));
}
