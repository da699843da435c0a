/** What to do on this machine when recording is not possible. Nothing is done here: it is a person's decision to give rights away. */
export interface MachineFacts {
  readonly platform: string;
  /** Debian, Ubuntu and their kin, where a question of wireshark-common gives the rights. */
  readonly debian: boolean;
  /** Members of the group `wireshark`; null where there is no such group. */
  readonly wiresharkMembers: readonly string[] | null;
  readonly user: string;
}

/** Sentences for somebody without the right to record with `program`. */
export function permissionRemedy(program: string, path: string, facts: MachineFacts): string {
  const { platform, debian, wiresharkMembers, user } = facts;
  if (platform === 'darwin')
    return 'Install ChmodBPF (it comes with Wireshark: "Install ChmodBPF.pkg" in its disk image) and log in again, or run netsec capture with sudo.';
  if (platform === 'win32') return 'Install Npcap (https://npcap.com) without "Restrict access to Administrators only", or start as Administrator.';
  const name = /^[a-z_][\w.-]*\$?$/i.test(user) ? user : '$USER';
  if (program !== 'tcpdump' && wiresharkMembers !== null && !wiresharkMembers.includes(user))
    return `Join the group that may record: sudo usermod -a -G wireshark ${name}, then log out and in again.`;
  if (program !== 'tcpdump' && debian)
    return `Let members of the group wireshark record: sudo dpkg-reconfigure wireshark-common (answer Yes), sudo usermod -a -G wireshark ${name}, then log out and in again.`;
  return `Give ${program} the right to record: sudo setcap cap_net_raw,cap_net_admin=eip ${shellWord(path)}`;
}

/** What to install when there is nothing to record with. */
export function installRemedy({ platform, debian }: MachineFacts): string {
  if (platform === 'darwin') return 'macOS ships tcpdump as /usr/sbin/tcpdump; if it is gone, install Wireshark.';
  if (platform === 'win32') return 'Install Wireshark with Npcap (https://www.wireshark.org).';
  return debian ? 'Install one: sudo apt install tcpdump' : "Install tcpdump or Wireshark's dumpcap with the package manager of this system.";
}

/** A path that can be pasted into a shell. */
function shellWord(text: string): string {
  return /^[\w./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** True when the program's words mean that the right is missing, not the interface. */
export function isPermissionMessage(text: string): boolean {
  return /permission|not permitted|access is denied|\bEACCES\b|\bEPERM\b/i.test(text);
}
