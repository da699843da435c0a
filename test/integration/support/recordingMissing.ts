import { hasProgram } from '../../support/networkNamespaces.ts';

/** Why nothing can be recorded on loopback here, null when it can. */
export const recordingMissing =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'recording on loopback needs root on Linux'
    : hasProgram('dumpcap') || hasProgram('tcpdump')
      ? null
      : 'dumpcap or tcpdump is needed';
