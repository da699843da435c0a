/** Errors of Anthropic's SDK as sentences that say what to do next. Bodies of answers are not repeated: they may hold what was sent. */
import { ModelFailure } from './modelClient.ts';

/** Told apart by what they carry rather than by class: the SDK is loaded only when it is used. */
interface SdkError {
  readonly status?: unknown;
  readonly type?: unknown;
  readonly headers?: { get?(name: string): string | null };
}

export function claudeFailure(error: unknown, baseUrl: string): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const { status, type, headers } = (typeof error === 'object' && error !== null ? error : {}) as SdkError;
  const cause = { cause: error };
  // Errors inside a stream have no status, only a type.
  if (status === 401 || type === 'authentication_error')
    return new ModelFailure('key', 'Anthropic does not accept the API key. Set another with *Netsec: Set Anthropic API Key*.', cause);
  if (status === 402 || type === 'billing_error')
    return new ModelFailure('key', 'The Anthropic account of this key has no credit left. Add some in the Anthropic Console, then ask again.', cause);
  if (status === 403 || type === 'permission_error')
    return new ModelFailure('key', 'This API key may not use the model. Choose another with the setting `netsec.model`, or use another key.', cause);
  if (status === 404 || type === 'not_found_error')
    return new ModelFailure('request', 'Anthropic does not know this model. Empty the setting `netsec.model` to use the newest one.', cause);
  if (status === 413 || type === 'request_too_large')
    return new ModelFailure('context', 'The conversation is too large for the model. Start a new chat, or ask something narrower.', cause);
  if (status === 429 || type === 'rate_limit_error')
    return new ModelFailure('rate', `The rate limit of this API key is reached. ${whenAgain(headers)}`, cause);
  if (status === 529 || status === 503 || type === 'overloaded_error')
    return new ModelFailure('overloaded', `Claude is overloaded right now. ${whenAgain(headers)}`, cause);
  if (typeof status === 'number')
    return new ModelFailure('request', `Claude could not answer (HTTP ${status}). Ask again; if it happens every time, please report it.`, cause);
  if (typeof type === 'string' && type !== '')
    return new ModelFailure('request', 'Claude stopped with an error in the middle of its answer. Ask again.', cause);
  return new ModelFailure(
    'offline',
    `${hostOf(baseUrl)} could not be reached, or the connection broke. Check the network and the proxy, then ask again.`,
    cause,
  );
}

export function noNetwork(): ModelFailure {
  return new ModelFailure('offline', 'This machine has no network, so Claude was not asked.');
}

export function noAnswer(baseUrl: string): ModelFailure {
  return new ModelFailure('offline', `${hostOf(baseUrl)} did not answer. Check the network and the proxy, then ask again.`);
}

function whenAgain(headers: SdkError['headers']): string {
  const seconds = Number(headers?.get?.('retry-after') ?? '');
  return Number.isFinite(seconds) && seconds > 0 ? `Ask again in ${Math.ceil(seconds)} s.` : 'Wait a minute, then ask again.';
}

function hostOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).host : 'The server';
}
