/** Taking a rule out of the allow-list again; reading and adding are tested in test/analysis/allowList.test.ts. */
import { describe, expect, test } from 'vitest';
import { addAllowRule, parseAllowFile, removeAllowRule } from '../../src/analysis/allowFile.ts';
import * as registry from '../../src/analysis/detectors/registry.ts';

const KNOWN = new Set(Object.values(registry).map(({ id }) => id));
const parsed = (text: string): ReturnType<typeof parseAllowFile> => parseAllowFile(text, KNOWN);

describe('taking a rule away', () => {
  test('what was added can be taken away again, and comments stay', () => {
    const before = '# reviewed by Ann\nrules:\n  # the NAS\n  - id: nas\n    address: 10.0.0.9\n    reason: ours\n';
    const after = addAllowRule(before, { detector: 'port-scan', address: '10.0.0.5', reason: 'inventory' });
    const again = removeAllowRule(after, 'rule-2');
    expect(parsed(after).rules).toHaveLength(2);
    expect(again).toContain('# the NAS');
    expect(parsed(again)).toEqual(parsed(before));
  });
  test('none of the others is renamed', () => {
    const source = 'rules:\n  - detector: smurf\n    reason: a\n  - detector: port-scan\n    reason: b\n';
    expect(parsed(removeAllowRule(source, 'rule-1')).rules).toEqual([{ id: 'rule-2', detector: 'port-scan', reason: 'b' }]);
    expect(removeAllowRule(source, 'nobody')).toBe(source);
  });
  test('a file that cannot be read is not written over', () => {
    expect(() => removeAllowRule('rules: [', 'rule-1')).toThrow('mistake');
  });
});
