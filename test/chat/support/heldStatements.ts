import { describe, expect, test } from 'vitest';
import { verify } from '../../../src/chat/verify.ts';
import { officeFacts } from './officeFacts.ts';

/** Declares the tests that these statements about the office stay as they are, and that in each of those something is marked. */
export function testStatements(borneOut: readonly string[], invented: readonly string[]): void {
  describe('is left alone', () => {
    test.each(borneOut)('%s', (text) => {
      expect(verify(text, officeFacts).text).toBe(text);
    });
  });

  describe('is marked', () => {
    test.each(invented)('%s', (text) => {
      expect(verify(text, officeFacts).text).toContain('(?)');
    });
  });
}
