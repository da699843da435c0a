import { vi } from 'vitest';

/** Looks until it holds: what another process or a timer does is waited for as long as a busy machine may need. Fails with what was wrong at the last look. */
export function eventually(check: () => unknown, timeout = 20_000): Promise<unknown> {
  return vi.waitFor(check, { timeout, interval: 20 });
}
