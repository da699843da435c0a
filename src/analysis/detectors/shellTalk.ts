/**
 * A shell in clear: one side types lines, the other shows a prompt and what commands print. Told by the talk and not by its first words, so that it does not
 * matter which command came first, nor which side called the other.
 */
import type { Direction } from '../../pcap/dissector.ts';

interface Talk {
  /** What each side said last, where that is a line as somebody types it. */
  readonly typed: [string, string];
  /** Whether each side showed a prompt that says who and where; how often one that is a sign only. */
  readonly prompted: [boolean, boolean];
  readonly signs: [number, number];
}

const MOST_TALKS = 2000;
/** Ports where a login shell in clear is the service: Telnet without negotiation, rexec, rlogin, rsh. Others tell of those. */
const SHELL_SERVICES = new Set([23, 512, 513, 514]);

/** Colours and window titles. */
const ESCAPES = /\x1b(?:\[[\d;?]{0,20}[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\))/g;
/** A few lines, of which the last counts: what is typed before the first answer comes together. */
const LINE = /^(?:[\x20-\x7e\t]{0,400}\r?\n){0,4}([\x20-\x7e\t]{1,400}[\r\n]{0,2})$/;
/** `PS C:\>`, `C:\>`, `user@host:/path$`, `[user@host path]$`, `bash-5.1$`. */
const PROMPT =
  /(?:^|[\r\n])(?:\([\w.-]{1,40}\) )?(?:PS [A-Z]:\\[^\r\n<>|"]{0,200}>|[A-Z]:\\[^\r\n<>|"]{0,200}>|[\w.-]{1,32}@[\w.-]{1,64}:[~/][^\r\n]{0,200}[$#]|\[[\w.-]{1,32}@[\w.-]{1,64} [^\r\n\]]{1,200}\][$#]|(?:ba|da|z|k|c|tc)?sh-\d[\d.]{0,6}[$#]) ?$/;
/** `$`, `#`, `/tmp #`. */
const SIGN = /(?:^|[\r\n])(?:[~/][\w./-]{0,60} )?[$#] $/;
/** A command to look around, and what such commands print. */
const COMMAND =
  /^(?:id|whoami|hostname|pwd|ls(?: -\w+)?(?: [/.\w]+)?|uname -a|cat \/etc\/passwd|ps(?: -?\w+)?|ifconfig|ipconfig(?: \/all)?|dir|netstat -\w+|systeminfo|net user|python3? -c ['"]import pty[^\r\n]*)\r?\n/;
const OUTPUT =
  /^(?:total \d+\n|[-d][rwx-]{9}|uid=\d+|root:x:0:0|Linux [\w.-]+ \d|[\w-]+\\[\w.$-]+\r?\n|\/[\w/.-]*\n|\s*PID|\r?\nWindows IP|\s*Volume in drive|(?:root|www-data|nobody|daemon|tomcat)\n|\r?\nHost Name:|[\w.-]+\n$)/;
/** What commands print and nothing else does, whichever line asked for it. */
const CERTAIN_OUTPUT =
  /(?:^|\n)uid=\d+(?:\([\w.-]+\))? gid=\d+|(?:^|\n)nt authority\\(?:system|network service|local service)|(?:^|\n)root:(?:[x*!]|\$\w{1,2}\$[^:\n]{4,200}):\d+:\d+:|Windows IP Configuration\r?\n|Volume Serial Number is |Directory of [A-Z]:\\|(?:^|\n)total \d+\r?\n[-dl][rwx-]{9}|(?:^|\n)Linux [\w.-]+ \d+\.\d+[^\n]{0,200}GNU\/Linux|Host Name: +\S+\r?\nOS Name: |flags=\d+<UP,|Link encap:Ethernet|USER +PID +%CPU|Image Name +PID +Session|PRIVILEGES INFORMATION\r?\n|User accounts for \\\\|Matching Defaults entries for |Active Internet connections \(/;

export class ShellTalks {
  readonly #talks = new Map<number | string, Talk>();

  /** The commands' first words when what was just said makes the talk a shell's; null otherwise. `talkId`: the row of its flow, or what else tells talks apart. */
  said(talkId: number | string, side: Direction, text: string, port: number): string | null {
    if (SHELL_SERVICES.has(port)) return null;
    let talk = this.#talks.get(talkId);
    if (talk === undefined) {
      if (this.#talks.size >= MOST_TALKS) return null;
      this.#talks.set(talkId, (talk = { typed: ['', ''], prompted: [false, false], signs: [0, 0] }));
    }
    const shown = text.includes('\x1b') ? text.replace(ESCAPES, '') : text,
      asked = talk.typed[side === 0 ? 1 : 0],
      hasPrompt = PROMPT.test(shown),
      hasSign = !hasPrompt && SIGN.test(shown);
    const isShell =
      asked !== '' &&
      (CERTAIN_OUTPUT.test(shown) ||
        (COMMAND.test(asked) && OUTPUT.test(shown)) ||
        (hasPrompt && (talk.prompted[side] || shown.length > asked.length + 2)) ||
        (hasSign && talk.signs[side] > 0));
    if (hasPrompt) talk.prompted[side] = true;
    if (hasSign) talk.signs[side]++;
    talk.typed[side] = !hasPrompt && !hasSign ? (LINE.exec(shown)?.[1] ?? '') : '';
    // The rest of a command line may hold a secret.
    return isShell ? (/^[\w./\\-]{1,40}/.exec(asked)?.[0] ?? 'a command') : null;
  }
}
