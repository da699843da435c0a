/** What a model chosen in Chat can fail with: each ends in a sentence that says what to do. Codes as `vscode.LanguageModelError` gives them (vscode.d.ts). */
import { expect, test } from 'vitest';
import { chatModelFailure, isBlocked } from '../../src/chat/chatModelErrors.ts';

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { name: 'LanguageModelError', code });

test.each([
  ['NoPermissions', coded('NoPermissions', 'the user did not give consent to secret-words'), 'key', /may not be used here.*Choose another model/],
  ['NotFound', coded('NotFound', 'no such model secret-words'), 'request', /no longer there.*Choose another model/],
  ['a used-up quota', coded('unknown', 'You have exhausted your premium model quota secret-words'), 'rate', /limit of GPT is reached.*Wait/],
  ['a rate limit', new Error('429 too many requests secret-words'), 'rate', /limit of GPT is reached/],
  ['an overloaded server', new Error('upstream 529 overloaded secret-words'), 'overloaded', /overloaded right now.*Wait a minute/],
  ['a full context', new Error('prompt is too long: secret-words'), 'context', /too large for GPT.*Start a new chat/],
  ['no network', new TypeError('fetch failed ECONNREFUSED secret-words'), 'offline', /could not be reached.*Check the network/],
  ['anything else', coded('unknown', 'secret-words'), 'request', /could not answer.*Ask again/],
  ['what is no error', 'secret-words', 'request', /could not answer/],
  ['nothing', null, 'request', /could not answer/],
] as const)('%s', (_, error, kind, message) => {
  const failure = chatModelFailure(error, 'GPT');
  expect(failure).toMatchObject({ kind, name: 'ModelFailure' });
  expect(failure.message).toMatch(message);
  // What others write may hold what was sent.
  expect(failure.message).not.toContain('secret-words');
});

test('a blocked answer is a refusal, unless a quota blocked it', () => {
  expect(isBlocked(coded('Blocked', 'quota exceeded'))).toBe(false);
  expect(chatModelFailure(coded('Blocked', 'quota exceeded'), 'GPT').kind).toBe('rate');
  expect(isBlocked(coded('Blocked', 'filtered'))).toBe(true);
  expect([coded('NotFound', 'x'), new Error('Blocked'), null, 'Blocked'].map(isBlocked)).toEqual([false, false, false, false]);
});
