/** The busiest addresses, outermost headers only, with what they sent and received. */
import { html, nothing } from 'lit';
import type { Endpoint, Report } from '../../src/analysis/report.ts';
import { bar, bytesCell, severityIcon } from '../components/bits.ts';
import { openMenu } from '../components/contextMenu.ts';
import { addressFilter } from '../filters.ts';
import { formatBytes, formatCount, plural } from '../format.ts';
import { menuFor, type Target } from '../menu.ts';
import type { Store } from '../store.ts';
import { severest } from './findingRows.ts';
import type { Measure } from './series.ts';

const SHOWN = 6;

export function endpointTarget(endpoint: Endpoint): Target {
  const port = endpoint.port === null ? '' : `:${String(endpoint.port)}`;
  return {
    label: `${endpoint.address}${port}`,
    filter: addressFilter(endpoint.layer, endpoint.address, endpoint.port),
    filterWords: endpoint.port === null ? 'This Address' : 'This Address and Port',
    host: endpoint.address,
    text: endpoint.address,
    rows: [endpoint],
  };
}

function candidates(report: Report): readonly Endpoint[] {
  const outer = report.endpoints.filter((endpoint) => endpoint.depth === 0);
  const addressed = outer.filter((endpoint) => endpoint.layer === 'ip' || endpoint.layer === 'ipv6');
  // Below IP there are only hardware addresses to name.
  return addressed.length > 0 ? addressed : outer.filter((endpoint) => endpoint.layer === 'eth' || endpoint.layer === 'wlan');
}

export function mostActive(store: Store, report: Report, measure: Measure) {
  const rows = [...candidates(report)].sort((a, b) => b[measure] - a[measure]).slice(0, SHOWN);
  const most = Math.max(1, ...rows.map((row) => row[measure]));
  const marks = severest(report.findings, (finding) => finding.subjects.map((subject) => subject.address));
  if (rows.length === 0) return html`<p class="none">No packet carries an address.</p>`;
  return html`<ul class="rows" data-testid="most-active">
    ${rows.map((row) => {
      const [sent, received] = measure === 'bytes' ? [row.bytesSent, row.bytesReceived] : [row.packetsSent, row.packetsReceived];
      const finding = marks.get(row.address);
      const name = row.names[0] ?? store.nameOf(row.address);
      return html`<li
        class="de hov"
        data-address=${row.address}
        @contextmenu=${(event: MouseEvent) => {
          event.preventDefault();
          openMenu(menuFor(store, endpointTarget(row)), { x: event.clientX, y: event.clientY });
        }}
      >
        <span class="nm"
          ><button class="lk quiet nw" @click=${() => store.go({ view: 'endpoints', views: store.viewsWith('endpoints', { host: row.address }) })}>
            ${row.address}</button
          ><span class="muted ell" title=${name}>${name}</span></span
        >
        ${bar([sent / most, received / most], { title: `Sent ${formatBytes(row.bytesSent)}, received ${formatBytes(row.bytesReceived)}` })}
        <span class="r">${bytesCell(row.bytes)}</span>
        <button
          class="lk quiet muted r"
          title="Show ${plural(row.packets, 'packet')}"
          @click=${() => store.showPackets(addressFilter(row.layer, row.address))}
        >
          ${formatCount(row.packets)}
        </button>
        ${finding === undefined ? html`<span></span>` : html`<button title=${finding.title} @click=${() => store.showFinding(finding.id)}>${severityIcon(finding.severity, finding.title)}</button>`}
      </li>`;
    })}
    ${candidates(report).length > SHOWN ? html`<li class="more"><button class="lk" @click=${() => store.go({ view: 'endpoints' })}>All endpoints</button></li>` : nothing}
  </ul>`;
}
