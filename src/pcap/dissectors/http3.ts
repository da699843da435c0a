/** HTTP/3, RFC 9114, in QUIC that keys have opened: frames, settings, and header fields (QPACK, RFC 9204). */
import type { Dissector } from '../dissector.ts';
import { Http3Connection } from '../http3/connection.ts';
import { http3Fields } from '../http3/fields.ts';

export const http3: Dissector = {
  id: 'http3',
  name: 'Hypertext Transfer Protocol Version 3',
  fields: http3Fields,
  on: [],
  application: true,
  overQuic: {
    // Drafts kept their numbers: `h3-29`.
    speaks: (alpn) => alpn === 'h3' || alpn.startsWith('h3-'),
    open: () => new Http3Connection(),
  },
};
