/** Errors of a model that is chosen in Chat as sentences that say what to do next. Told apart by their code: VS Code is on the other side. */
import { ModelFailure } from './modelClient.ts';

/** Codes of `vscode.LanguageModelError`, which are the names of the functions that make them. */
const NO_PERMISSIONS = 'NoPermissions',
  NOT_FOUND = 'NotFound',
  BLOCKED = 'Blocked';

/** Declined, and not for a quota: VS Code has one code for both. */
export function isBlocked(error: unknown): boolean {
  return codeOf(error) === BLOCKED && !LIMIT.test(textOf(error));
}

const LIMIT = /quota|rate.?limit|too many requests|\b429\b/i;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** The messages of others are not repeated: they may hold what was sent. */
export function chatModelFailure(error: unknown, name: string): ModelFailure {
  const code = codeOf(error),
    text = textOf(error),
    cause = { cause: error };
  if (code === NO_PERMISSIONS)
    return new ModelFailure('key', `${name} may not be used here: VS Code or its provider did not allow it. Choose another model in Chat.`, cause);
  if (code === NOT_FOUND) return new ModelFailure('request', `${name} is no longer there. Choose another model in Chat.`, cause);
  if (LIMIT.test(text)) return new ModelFailure('rate', `The limit of ${name} is reached. Wait, or choose another model in Chat.`, cause);
  if (/overloaded|\b529\b|\b503\b/i.test(text))
    return new ModelFailure('overloaded', `${name} is overloaded right now. Wait a minute, then ask again.`, cause);
  if (/context|too (?:long|large|many tokens)|token limit|maximum.{0,20}tokens/i.test(text))
    return new ModelFailure('context', `The conversation is too large for ${name}. Start a new chat, or ask something narrower.`, cause);
  if (/network|fetch failed|ECONN|ENOTFOUND|EAI_AGAIN|offline|ERR_INTERNET/i.test(text))
    return new ModelFailure('offline', `${name} could not be reached. Check the network, then ask again.`, cause);
  return new ModelFailure('request', `${name} could not answer. Ask again, or choose another model in Chat.`, cause);
}
