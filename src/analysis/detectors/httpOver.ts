/** Which versions of HTTP requests came in, for the filter of a finding: each has fields of its own, and HTTP/3 ports of UDP. */
import type { HttpRequestMessage } from '../../pcap/http/messages.ts';

export class HttpVersions {
  #hasHttp2 = false;
  #hasHttp3 = false;

  add({ version, stream }: HttpRequestMessage): void {
    if (version === '3') this.#hasHttp3 = true;
    else if (stream !== undefined) this.#hasHttp2 = true;
  }

  /** Requests to this port. */
  requestsTo(port: number): string {
    const overTcp = `tcp.port == ${port} && ${this.#hasHttp2 ? '(http.request || http2.headers.method)' : 'http.request'}`;
    return this.#hasHttp3 ? `((${overTcp}) || (udp.port == ${port} && http3.headers.method))` : overTcp;
  }

  /** A filter over HTTP/1 with what the others have instead: their header fields are not told apart there. */
  widen(filter: string): string {
    if (!this.#hasHttp2 && !this.#hasHttp3) return filter;
    return `(${[filter, ...(this.#hasHttp2 ? ['http2'] : []), ...(this.#hasHttp3 ? ['http3'] : [])].join(' || ')})`;
  }
}
