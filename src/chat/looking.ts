/** What the user has in front of them, as the editor's page last said it: the capture, and where in it. */
import { HIDDEN, hideSecrets, isSecretField } from '../analysis/hideSecrets.ts';

export interface Looking {
  /** Name of the capture; null where none is open. */
  readonly capture: string | null;
  /** Id of the view, `packets`. */
  readonly view: string | null;
  /** Display filter over all views; empty for none. */
  readonly filter: string;
  /** Seconds since the first packet, half-open. */
  readonly timeRange: { readonly from: number; readonly to: number } | null;
  /** What is chosen in the view: a frame, the id of a finding, an address; null for nothing. */
  readonly frame: number | null;
  readonly finding: string | null;
  readonly host: string | null;
  /** Id of the conversation that is followed beneath the view. */
  readonly flow: string | null;
  /** Names of captures that were attached to the question. */
  readonly attached: readonly string[];
}

/** Of those attached: a model is told of as many, and their names are learned before. */
export const MOST_ATTACHED = 8;

export const AT_NOTHING: Looking = {
  capture: null,
  view: null,
  filter: '',
  timeRange: null,
  frame: null,
  finding: null,
  host: null,
  flow: null,
  attached: [],
};

/** `state`: what the page saves (media/store.ts), perhaps one of an older version. */
export function lookingAt(capture: string, state: unknown): Looking {
  const { view, filter, timeRange, views, stream } = recordOf(state);
  const at = (id: string): Readonly<Record<string, unknown>> => (view === id ? recordOf(recordOf(views)[id]) : {});
  const { from, to } = recordOf(timeRange);
  const frame = at('packets')['frame'],
    finding = at('findings')['chosen'];
  return {
    capture,
    view: textOrNull(view),
    filter: typeof filter === 'string' ? filter.slice(0, 4000) : '',
    timeRange: typeof from === 'number' && typeof to === 'number' ? { from, to } : null,
    frame: typeof frame === 'number' && frame > 0 ? frame : null,
    finding: typeof finding === 'string' && /-[0-9a-f]{8}$/.test(finding) ? finding : null,
    host: textOrNull(at('endpoints')['host']),
    flow: textOrNull(stream),
    attached: [],
  };
}

/** For a model, or nothing where nothing is open. */
export function lookingText(looking: Looking): string {
  if (looking.capture === null) return '';
  const told = Object.entries({
    ...looking,
    filter: filterWithoutSecrets(looking.filter),
    attached: looking.attached.slice(0, MOST_ATTACHED),
  }).filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0));
  return `(The user is looking at: ${JSON.stringify(Object.fromEntries(told))})`;
}

/** A filter can name a password: `ftp.request.arg == "..."`. */
export function filterWithoutSecrets(filter: string): string {
  const fields = filter.match(/[a-z][\w.-]*/gi) ?? [];
  return fields.some((field) => isSecretField(field)) ? filter.replace(/"(?:[^"\\]|\\.)*"|(?<=[=~<>]\s*)[^\s"()]+/g, HIDDEN) : hideSecrets(filter);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : null;
}
