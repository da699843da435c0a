/** One half of the damaged captures; the other is in mutations.test.ts, so that two processors share them. */
import { damagedCaptures } from './support/mutations.ts';

damagedCaptures(1, 2);
