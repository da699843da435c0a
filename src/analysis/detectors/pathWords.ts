/**
 * Words by which a list of paths is known: what dirb, SecLists and the lists of dirsearch and feroxbuster try first, and what no page links to. Crawlers with broken
 * links and sites with missing pictures ask for names of the site.
 */

const WORDS: ReadonlySet<string> = new Set(
  `.bash_history .bashrc .cvs .cvsignore .ds_store .env .forward .git .gitignore .history .htaccess .hta .htpasswd .idea .listing .mysql_history .npmrc .passwd .perf .profile .rhosts .ssh .subversion .svn .svnignore .vscode
  _adm _admin _backup _conf _config _db _dev _old _private _test _tmp _vti_bin _vti_inf _vti_pvt ~adm ~admin ~bin ~root ~www
  adm admin admin1 admin_login adminer administration administrator admins actuator awstats backdoor backup backup-db backup2 backups bak bin cgi cgi-bin cgi-sys conf config configuration configure console cpanel cvs
  database databases db dbadmin debug dev devel dump errors etc export exports ftp hidden htpasswd id_rsa install installer intranet jenkins jmx-console joomla logs login-us mailman management manager mysql myadmin old passwd password passwords
  phpinfo phpmyadmin pma private root secret secrets secure server-info server-status setup shell sql sqladmin staging stats sysadmin temp test tests tmp tomcat upload uploads users usr var webadmin webalizer webdav web-inf webmail
  wp-admin wp-config wp-content wp-includes wp-login www xampp xmlrpc`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

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
  return { listWords: listWordsAmong(paths), arePages: parts * 2 < paths.size && there <= paths.size };
}

/** By a part of each path, without its ending. */
function listWordsAmong(paths: Iterable<string>): number {
  const found = new Set<string>();
  for (const path of paths)
    for (const part of path.toLowerCase().split('/', 12)) {
      const dot = part.lastIndexOf('.'),
        stem = dot > 0 ? part.slice(0, dot) : part;
      if (WORDS.has(stem)) found.add(stem);
      else if (WORDS.has(part)) found.add(part);
    }
  return found.size;
}
