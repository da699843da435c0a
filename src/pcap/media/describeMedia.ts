/** Bodies that are told by their content type, as layers of their own: read when somebody asks for one of their fields. */
import type { Dissector, FieldSink } from '../dissector.ts';
import { describeJson, json } from '../dissectors/json.ts';
import { describeMultipart, mimeMultipart } from '../dissectors/mimeMultipart.ts';
import { describeForm, urlencodedForm } from '../dissectors/urlencodedForm.ts';
import { describeXml, xml } from '../dissectors/xml.ts';
import { matchPrefix } from '../text.ts';
import { isXmlType } from './xmlTypes.ts';

/** Types that Wireshark 4.0 takes for JSON. */
const JSON_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'application/json-rpc',
  'application/merge-patch+json',
  'application/problem+json',
  'application/senml+json',
  'application/sensml+json',
]);
const KINDS: readonly Dissector[] = [json, urlencodedForm, mimeMultipart, xml];

/** Ids of the layers, for a dissector's `says`. */
export const MEDIA_IDS: readonly string[] = KINDS.map(({ id }) => id);
/** Multiparts within multiparts. */
const MOST_DEPTH = 6;

function kindOf(contentType: string): Dissector | null {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (JSON_TYPES.has(type)) return json;
  if (type === 'application/x-www-form-urlencoded') return urlencodedForm;
  if (isXmlType(type)) return xml;
  return type.startsWith('multipart/') ? mimeMultipart : null;
}

/** Whether a body of this type is read for this sink. */
export function isMediaWanted(contentType: string, sink: FieldSink): boolean {
  if (sink.wantsCostly === undefined) return false;
  // Of other bodies the first bytes say whether they are XML.
  const kind = contentType === '' ? xml : (kindOf(contentType) ?? xml);
  return (kind === mimeMultipart ? KINDS : [kind]).some((dissector) => isAsked(dissector, sink));
}

function isAsked(dissector: Dissector, sink: FieldSink): boolean {
  return sink.wantsCostly?.(dissector) === true || Object.values(dissector.fields).some((field) => sink.wantsCostly?.(field) === true);
}

/** What Wireshark's columns say behind the carrier, `HTTP/JSON`, and behind its words. */
export function mediaInfo(contentType: string): readonly [protocol: string, info: string] {
  const type = contentType.split(';', 1)[0]!.trim();
  const kind = kindOf(contentType);
  if (kind === json) return ['/JSON', ` , JavaScript Object Notation (${type})`];
  return kind === xml ? ['/XML', ' '] : ['', `  (${type})`];
}

/** Says the body `[from, to)` of `bytes`. */
export function describeMedia(bytes: Uint8Array, from: number, to: number, contentType: string, sink: FieldSink, depth = 0): void {
  const kind = to > from ? (kindOf(contentType) ?? (matchPrefix(bytes, from, to, '<?xml') === 'yes' ? xml : null)) : null;
  if (kind === json) describeJson(bytes, from, to, sink);
  else if (kind === urlencodedForm) describeForm(bytes, from, to, sink);
  else if (kind === xml) describeXml(bytes, from, to, sink);
  else if (kind === mimeMultipart && depth < MOST_DEPTH)
    describeMultipart(bytes, from, to, contentType, sink, (begin, end, type) => describeMedia(bytes, begin, end, type, sink, depth + 1));
}
