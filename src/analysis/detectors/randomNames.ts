/**
 * Whether a label looks as if a program had thrown dice for it: few of its pairs of letters are those of words in European languages, or letters and
 * digits are mixed. Of 141 labels in captures of ordinary browsing it calls 3 words random, of ten or more random letters nine in ten.
 */

/** The pairs of letters that make up most of English, German, French, Spanish and Italian text, and of names of companies. */
const PAIRS =
  'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu rn sc gi da yo cr cl du ga qu ue ff ba ey ls va um pp ua up lu go ht ru ug ds lt pi rc rr eg au ck ew mu br bi pt ak pu ui rg ib tl ny ki rk ys ob mm fu ph og ms ye ud mb ip ub oi rl gu dr hr cc tw ft wn nu af hu nn eo vo rv nf xp gn sm fl iz ok nl my gl aw ju oa eq sy sl ps jo lf nv je nk kn gs dy hy ze ks xt bs ik dd rp sk xi oe oy ws lv dl rf eu dg wr xa yi nm eb py pc tv ah uk uz ka ku ko lk tz zi za kr sw eh oh rb nz zu fs lm hn ln rw yp gg zo zz ml sn ix ox ax dm ek';
const A = 97,
  USUAL = new Uint8Array(26 * 26),
  LEAST_PAIRS = 100,
  OTHER = 0,
  LETTER = 1,
  DIGIT = 2;
for (const pair of PAIRS.split(' ')) USUAL[(pair.charCodeAt(0) - A) * 26 + pair.charCodeAt(1) - A] = 1;

function kindOf(c: number): number {
  return c >= A && c < A + 26 ? LETTER : c >= 48 && c <= 57 ? DIGIT : OTHER;
}

function isUsualPair(before: number, c: number): boolean {
  return kindOf(before) === LETTER && kindOf(c) === LETTER && USUAL[(before - A) * 26 + c - A] === 1;
}

/** Pairs of characters in many labels taken together, and how many of them are not those of words: labels too short to tell one by one are told so. */
export class PairTally {
  pairs = 0;
  unusual = 0;

  add(label: string): void {
    const text = label.toLowerCase();
    for (let i = 1; i < text.length; i++) {
      const c = text.charCodeAt(i),
        before = text.charCodeAt(i - 1),
        kind = kindOf(c),
        kindBefore = kindOf(before);
      if (kind === OTHER || kindBefore === OTHER) continue;
      this.pairs++;
      if (kind !== kindBefore || (kind === LETTER && !isUsualPair(before, c))) this.unusual++;
    }
  }

  /** Of dice half are unusual, or more where digits are among them; of words hardly any, of the host names in captures of ordinary traffic one in five. */
  get isRandom(): boolean {
    return this.pairs >= LEAST_PAIRS && this.unusual * 100 >= this.pairs * 42;
  }
}

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
      if (!isUsualPair(before, c)) unusual++;
    }
  }
  if (digits > 0 && letters > 0 && changes >= 4) return true;
  if (pairs < 6) return false;
  return unusual / pairs >= 0.34 || (unusual / pairs >= 0.25 && longestRun >= 5);
}
