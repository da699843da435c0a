/**
 * Words by which a list of paths is known: what dirb, SecLists and the lists of dirsearch and feroxbuster try first, and what no page links to. Crawlers with broken
 * links and sites with missing pictures ask for names of the site.
 */

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Those that no application has beside those of another family: somebody tries what any server may have forgotten. */
const FAMILIES = {
  'version control': wordsOf('.bzr .cvs .cvsignore .git .gitignore .hg .subversion .svn .svnignore cvs'),
  secrets: wordsOf(
    '.bash_history .bashrc .env .forward .history .hta .htaccess .htpasswd .mysql_history .npmrc .passwd .perf .profile .rhosts .ssh htpasswd id_rsa passwd passwords secrets web-inf',
  ),
  'products of others': wordsOf(
    `_vti_bin _vti_inf _vti_pvt actuator adminer awstats cgi-bin cgi-sys cpanel jenkins jmx-console joomla mailman myadmin phpinfo phpmyadmin pma server-info server-status sqladmin tomcat
    webalizer webdav wp-admin wp-config wp-content wp-includes wp-login xampp xmlrpc`,
  ),
  copies: wordsOf('_backup _old _tmp backup backup-db backup2 backups bak db dump old temp tmp'),
} as const;

const FAMILY_OF: ReadonlyMap<string, string> = new Map(Object.entries(FAMILIES).flatMap(([family, words]) => words.map((word) => [word, family])));

const WORDS: ReadonlySet<string> = new Set([
  ...FAMILY_OF.keys(),
  ...wordsOf(
    `.ds_store .idea .listing .vscode _adm _admin _conf _config _db _dev _private _test ~adm ~admin ~bin ~root ~www
    adm admin admin1 admin_login administration administrator admins backdoor bin cgi conf config configuration configure console
    database databases dbadmin debug dev devel errors etc export exports ftp hidden install installer intranet login-us logs management manager mysql password
    private root secret secure setup shell sql staging stats sysadmin test tests upload uploads users usr var webadmin webmail www`,
  ),
]);

/** Of a site that was moved, or has a login page that is gone, some are asked for, too. */
export const LEAST_LIST_WORDS = 6;

/** Parts of pages, which a broken site asks for by the hundred. */
const PART = /\.(?:avif|bmp|css|eot|gif|ico|jpe?g|js|m3u8|map|mjs|mp[34]|otf|png|svg|ts|ttf|vtt|webm|webp|woff2?)$/i;

export interface PathGuesses {
  /** How many words of such lists are among the paths. */
  readonly listWords: number;
  /** Most are pages, not parts of them, and no more were there: who follows links finds what they lead to. */
  readonly arePages: boolean;
}
export const NO_GUESSES: PathGuesses = { listWords: 0, arePages: false };

/** `there`: how many answers of the same server had a page in them. */
export function guessesAmong(paths: ReadonlySet<string>, there: number): PathGuesses {
  let parts = 0;
  for (const path of paths) if (PART.test(path)) parts++;
  return { listWords: listWordsAmong(paths).size, arePages: parts * 2 < paths.size && there <= paths.size };
}

/** Of how many families such words are. */
export function familiesOf(words: Iterable<string>): number {
  const families = new Set<string>();
  for (const word of words) {
    const family = FAMILY_OF.get(word);
    if (family !== undefined) families.add(family);
  }
  return families.size;
}

/** By a part of each path, without its ending. */
export function listWordsAmong(paths: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of paths)
    for (const part of path.toLowerCase().split('/', 12)) {
      const dot = part.lastIndexOf('.'),
        stem = dot > 0 ? part.slice(0, dot) : part;
      if (WORDS.has(stem)) found.add(stem);
      else if (WORDS.has(part)) found.add(part);
    }
  return found;
}
