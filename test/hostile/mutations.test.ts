/** One half of the damaged captures; the other is in moreMutations.test.ts, so that two processors share them. */
import { damagedCaptures } from './support/mutations.ts';

damagedCaptures(0, 2);
