/**
 * The order of test files: those that take longest first. A fresh clone has no times of its own, and vitest then goes by the size of files: one that takes
 * minutes would begin near the end, and all but one processor wait for it.
 */
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Files that take more than half a minute where nothing else runs, longest first. */
export const LONGEST = [
  'test/chat/privacyOfSamples.test.ts',
  'test/hostile/mutations.test.ts',
  'test/hostile/moreMutations.test.ts',
  'test/cli/commandLine.test.ts',
  'test/truth/built.test.ts',
  'test/mcp/hostile.test.ts',
  'test/hostile/cut.test.ts',
  'test/chat/verify.test.ts',
  'test/webview/page.test.ts',
  'test/hostile/traffic.test.ts',
  'test/mcp/sameNumbers.test.ts',
  'test/exports/hostileCapture.test.ts',
  'test/live/liveAnalysis.test.ts',
  'test/live/recording.test.ts',
  'test/exports/secrets.test.ts',
  'test/analysis/tools/captureTools.test.ts',
  'test/webview/accessibility.test.ts',
  'test/chat/thrift.test.ts',
  'test/analysis/reportCache.test.ts',
  'test/live/sources.test.ts',
  'test/mcp/recording.test.ts',
  'test/displayFilter/parity.test.ts',
  'test/analysis/detectorProofs.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((file) => moduleId.replaceAll('\\', '/').endsWith(`/${file}`));
      return at === -1 ? LONGEST.length : at;
    };
    return others.sort((a, b) => rank(a) - rank(b));
  }
}
