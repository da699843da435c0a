/** The operating system that a User-Agent names. Browsers froze these texts: `Windows NT 10.0` is Windows 10 or 11, `Mac OS X 10_15_7` any macOS since. */

const SYSTEMS: readonly (readonly [pattern: RegExp, name: (version: string) => string])[] = [
  [/\bWindows Phone(?: OS)? ([\d.]{1,8})/, (version) => `Windows Phone ${version}`],
  [/\bWindows NT 10\.0/, () => 'Windows 10 or 11'],
  [/\bWindows NT 6\.3/, () => 'Windows 8.1'],
  [/\bWindows NT 6\.2/, () => 'Windows 8'],
  [/\bWindows NT 6\.1/, () => 'Windows 7'],
  [/\bWindows NT 6\.0/, () => 'Windows Vista'],
  [/\bWindows NT 5\.[12]/, () => 'Windows XP'],
  [/\b(?:iPhone|iPad|iPod)[^)]{0,40} OS (\d{1,2}(?:_\d{1,2})?)/, (version) => `iOS ${version.replace('_', '.')}`],
  [/\bAndroid ([\d.]{1,8})/, (version) => `Android ${version}`],
  [/\bCrOS\b/, () => 'ChromeOS'],
  [/\bMac OS X 10[_.]15(?!\d)/, () => 'macOS'],
  [/\b(?:Mac OS X|macOS)[ /](\d{1,2}(?:[_.]\d{1,2})?)/, (version) => `macOS ${version.replace('_', '.')}`],
  [/\b(Ubuntu|Debian|Fedora|Red Hat|CentOS)\b/, (name) => `Linux (${name})`],
  [/\b(FreeBSD|OpenBSD|NetBSD)\b/, (name) => name],
  [/\bLinux\b/, () => 'Linux'],
  [/\bWindows\b/, () => 'Windows'],
];

/** Null where it names none. The sender can write what it likes. */
export function systemInUserAgent(userAgent: string): string | null {
  const text = userAgent.slice(0, 500);
  for (const [pattern, name] of SYSTEMS) {
    const match = pattern.exec(text);
    if (match !== null) return name(match[1] ?? '');
  }
  return null;
}
