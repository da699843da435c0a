/** XML as it stands in a body (XML 1.0, section 2): tags, attributes and texts as they are written. Who reads the message says it, as a layer of its own. */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { findByte, matchPrefix, textAt } from '../text.ts';

const f = defineFields({
  declaration: { name: 'xml.xmlpi.xml', label: 'XML declaration', type: 'string' },
  version: { name: 'xml.xmlpi.xml.version', label: 'version', type: 'string' },
  encoding: { name: 'xml.xmlpi.xml.encoding', label: 'encoding', type: 'string' },
  standalone: { name: 'xml.xmlpi.xml.standalone', label: 'standalone', type: 'string' },
  instruction: { name: 'xml.xmlpi', label: 'Processing instruction', type: 'string' },
  doctype: { name: 'xml.doctype', label: 'Doctype', type: 'string' },
  dtdTag: { name: 'xml.dtdtag', label: 'DTD Tag', type: 'string' },
  comment: { name: 'xml.comment', label: 'Comment', type: 'string' },
  tag: { name: 'xml.tag', label: 'Tag', type: 'string' },
  attribute: { name: 'xml.attribute', label: 'Attribute', type: 'string' },
  text: { name: 'xml.cdata', label: 'CDATA', type: 'string' },
  section: { name: 'xml.cdatasection', label: 'CDATASection', type: 'string' },
  unknown: { name: 'xml.unknown', label: 'Unknown', type: 'string' },
});

export const xml: Dissector = { id: 'xml', name: 'eXtensible Markup Language', fields: f, on: [], isOffPath: true };

/** Tags and texts of one body that are told; of one the longest; tags within tags that are shown so. */
const MOST_PARTS = 10_000,
  LONGEST = 65_536,
  MOST_DEPTH = 60,
  /** Attributes that are read: those of what turns out to be no tag are read again. */
  MOST_READS = 100_000;
const LESS = 0x3c,
  GREATER = 0x3e,
  SLASH = 0x2f,
  QUESTION = 0x3f,
  EXCLAMATION = 0x21,
  EQUALS = 0x3d,
  QUOTE = 0x22,
  APOSTROPHE = 0x27,
  OPEN_BRACKET = 0x5b,
  CLOSE_BRACKET = 0x5d;
/** The attributes of the declaration have fields of their own. */
const DECLARED: Readonly<Record<string, Field>> = { version: f.version, encoding: f.encoding, standalone: f.standalone };

/** Says what is in `[from, to)` of `bytes`, as far as it is XML. */
export function describeXml(bytes: Uint8Array, from: number, to: number, sink: FieldSink): void {
  sink.layer(xml, from, to - from);
  new XmlWalk(bytes, from, to, sink).run();
}

/** An attribute, and where its value without quotes is. Refilled. */
interface Attribute {
  from: number;
  nameEnd: number;
  value: number;
  valueEnd: number;
  to: number;
}

class XmlWalk {
  readonly #bytes: Uint8Array;
  readonly #to: number;
  readonly #sink: FieldSink;
  #at: number;
  /** Elements that are open, those of them that the sink shows as such. */
  #depth = 0;
  #shown = 0;
  #parts = 0;
  #reads = 0;
  readonly #attribute: Attribute = { from: 0, nameEnd: 0, value: 0, valueEnd: 0, to: 0 };

  constructor(bytes: Uint8Array, from: number, to: number, sink: FieldSink) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
    this.#sink = sink;
  }

  run(): void {
    while (this.#parts < MOST_PARTS) {
      const at = (this.#at = this.#skipBlanks(this.#at));
      if (at >= this.#to) break;
      this.#parts++;
      if (this.#bytes[at] !== LESS) this.#text(at);
      else if (!this.#markup(at)) break;
    }
    for (; this.#shown > 0; this.#shown--) this.#sink.close();
  }

  #add(field: Field, from: number, to: number): void {
    this.#sink.add(field, from, to - from, textAt(this.#bytes, from, to, LONGEST));
  }

  /** Up to the next mark; outside of all elements nothing is meant to be. */
  #text(at: number): void {
    const end = findByte(this.#bytes, LESS, at, this.#to);
    this.#add(this.#depth > 0 ? f.text : f.unknown, at, end);
    this.#at = end;
  }

  /** What a `<` begins; false where it does not end. */
  #markup(at: number): boolean {
    const second = this.#bytes[at + 1];
    if (second === SLASH) return this.#endTag(at);
    if (second === QUESTION) return this.#instruction(at);
    if (second !== EXCLAMATION) return this.#tag(at);
    if (matchPrefix(this.#bytes, at, this.#to, '<!--') === 'yes') return this.#until('-->', at, f.comment);
    if (matchPrefix(this.#bytes, at, this.#to, '<![CDATA[') === 'yes') return this.#until(']]>', at, f.section);
    return this.#declaration(at);
  }

  #until(mark: string, at: number, field: Field): boolean {
    const first = mark.charCodeAt(0);
    for (let found = at; found < this.#to; found++) {
      found = findByte(this.#bytes, first, found, this.#to);
      if (matchPrefix(this.#bytes, found, this.#to, mark) !== 'yes') continue;
      this.#at = found + mark.length;
      this.#add(field, at, this.#at);
      return true;
    }
    return false;
  }

  #endTag(at: number): boolean {
    const end = findByte(this.#bytes, GREATER, at, this.#to);
    if (end >= this.#to) return false;
    this.#at = end + 1;
    if (this.#depth > 0) this.#depth--;
    if (this.#shown > this.#depth) {
      this.#sink.close();
      this.#shown--;
    }
    return true;
  }

  /** `<!DOCTYPE a [ ... ]>`, of which the name is told and what it declares; a declaration elsewhere. */
  #declaration(at: number): boolean {
    const nameEnd = this.#skipName(at + 2),
      isDoctype = /^doctype$/i.test(textAt(this.#bytes, at + 2, nameEnd, 16)),
      root = this.#skipBlanks(nameEnd);
    if (isDoctype) this.#add(f.doctype, root, this.#skipName(root));
    let within = false;
    for (let end = root; end < this.#to; end++) {
      const byte = this.#bytes[end];
      if (isDoctype && byte === OPEN_BRACKET) within = true;
      else if (within && byte === CLOSE_BRACKET) within = false;
      else if (within && byte === LESS) {
        const tagEnd = findByte(this.#bytes, GREATER, end, this.#to);
        if (tagEnd >= this.#to || ++this.#parts >= MOST_PARTS) return false;
        this.#add(f.dtdTag, end, tagEnd + 1);
        end = tagEnd;
      } else if (!within && byte === GREATER) {
        this.#at = end + 1;
        if (!isDoctype) this.#add(f.dtdTag, at, this.#at);
        return true;
      }
    }
    return false;
  }

  #instruction(at: number): boolean {
    const nameEnd = this.#skipName(at + 2),
      isDeclaration = textAt(this.#bytes, at + 2, nameEnd, 8) === 'xml',
      end = this.#attributes(nameEnd, null);
    if (this.#bytes[end] !== QUESTION || this.#bytes[end + 1] !== GREATER || end + 2 > this.#to) return this.#noMarkup(at, nameEnd);
    this.#at = end + 2;
    this.#add(isDeclaration ? f.declaration : f.instruction, at, this.#at);
    this.#sink.open();
    this.#attributes(nameEnd, isDeclaration ? DECLARED : NONE);
    this.#sink.close();
    return true;
  }

  #tag(at: number): boolean {
    const name = this.#skipBlanks(at + 1),
      nameEnd = this.#skipName(name),
      end = nameEnd === name ? name : this.#attributes(nameEnd, null),
      isEmpty = this.#bytes[end] === SLASH,
      close = end + (isEmpty ? 1 : 0);
    if (close >= this.#to) return false;
    if (nameEnd === name || this.#bytes[close] !== GREATER) return this.#noMarkup(at, nameEnd);
    this.#at = close + 1;
    this.#add(f.tag, at, this.#at);
    this.#sink.open();
    this.#attributes(nameEnd, NONE);
    if (isEmpty) {
      this.#sink.close();
      return true;
    }
    if (this.#depth < MOST_DEPTH) this.#shown++;
    else this.#sink.close();
    this.#depth++;
    return true;
  }

  /** As Wireshark: what stands behind a name that began none is text. */
  #noMarkup(at: number, nameEnd: number): boolean {
    const behind = this.#skipBlanks(nameEnd);
    this.#at = behind > nameEnd && nameEnd > at + 1 ? behind : at + 1;
    return true;
  }

  /** Offset behind the attributes from `at` on, and the blanks behind them; with `own` they are told, those named there by fields of their own. */
  #attributes(at: number, own: Readonly<Record<string, Field>> | null): number {
    while (++this.#reads < MOST_READS) {
      const from = this.#skipBlanks(at);
      if (!this.#readAttribute(from)) return from;
      const { nameEnd, value, valueEnd, to } = this.#attribute;
      at = to;
      if (own === null) continue;
      if (++this.#parts >= MOST_PARTS) return at;
      const name = textAt(this.#bytes, from, nameEnd, 16),
        field = Object.hasOwn(own, name) ? own[name] : undefined;
      if (field === undefined) this.#add(f.attribute, from, to);
      else this.#add(field, value, valueEnd);
    }
    return this.#to;
  }

  /** `name="value"`, `name = 'value'`, and without quotes as far as there is no blank. */
  #readAttribute(from: number): boolean {
    const bytes = this.#bytes,
      nameEnd = this.#skipName(from),
      equals = this.#skipBlanks(nameEnd),
      value = this.#skipBlanks(equals + 1),
      quote = bytes[value];
    if (nameEnd === from || bytes[equals] !== EQUALS || value >= this.#to) return false;
    const isQuoted = quote === QUOTE || quote === APOSTROPHE,
      start = isQuoted ? value + 1 : value;
    let end = start;
    if (isQuoted) {
      end = findByte(bytes, quote, start, this.#to);
      if (end >= this.#to) return false;
    } else while (end < this.#to && !endsValue(bytes[end]!)) end++;
    if (!isQuoted && end === start) return false;
    Object.assign(this.#attribute, { from, nameEnd, value: start, valueEnd: end, to: isQuoted ? end + 1 : end });
    return true;
  }

  #skipBlanks(at: number): number {
    while (at < this.#to && isBlank(this.#bytes[at]!)) at++;
    return at;
  }

  #skipName(at: number): number {
    while (at < this.#to && isName(this.#bytes[at]!)) at++;
    return at;
  }
}

/** Of a value without quotes, which XML does not allow. */
const endsValue = (byte: number): boolean => isBlank(byte) || byte === LESS || byte === GREATER || byte === SLASH;

const NONE: Readonly<Record<string, Field>> = {};

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Letters, digits, `-`, `_`, `.` and the colon of a namespace. */
function isName(byte: number): boolean {
  const lower = byte | 32;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x3a) || byte === 0x2d || byte === 0x2e || byte === 0x5f;
}
