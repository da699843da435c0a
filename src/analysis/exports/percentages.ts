/** Shares in whole per cent that add up to exactly 100, by the method of the largest remainder. */

/** One whole number per value, in their order; all 0 when there is nothing to share. */
export function percentages(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (total <= 0) return values.map(() => 0);
  const exact = values.map((value) => (100 * value) / total);
  const shares = exact.map(Math.floor);
  const missing = 100 - shares.reduce((sum, share) => sum + share, 0);
  // Of equal remainders the earlier row is rounded up, so that the same capture always reads the same.
  const byRemainder = exact
    .map((value, row) => ({ row, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.row - b.row);
  for (const { row } of byRemainder.slice(0, missing)) shares[row] = (shares[row] ?? 0) + 1;
  return shares;
}

/** `45 %`; `< 1 %` for what is there but got no whole per cent. */
export function percentText(share: number, value: number): string {
  return share === 0 && value > 0 ? '< 1 %' : `${share} %`;
}
