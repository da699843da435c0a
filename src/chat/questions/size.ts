/** How many packets are there, when, and how long? */
import { bytesText, countText, durationText, plural } from '../../analysis/describe.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { clock } from '../../analysis/exports/overview.ts';
import { joined, section, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';

export const size: PlainQuestion = {
  order: 80,
  example: 'how many packets are there, and when?',
  meaning: 'how large the capture is, and when it was recorded',
  isAsked: (words) =>
    /\bhow (?:many (?:packets|frames|bytes|connections|conversations|flows)|big|large|long)\b/.test(words) ||
    /\bwhen (?:was|were|did|is|does) (?:it|this|that|the (?:capture|recording|traffic|first|last))\b/.test(words) ||
    /\b(?:duration|file size|time span|start time|end time|packet count)\b/.test(words),
  async answer({ narrowed }, opened, { signal }) {
    const { capture, totals } = await opened.call('report', { selection: narrowed, limit: 1 }, signal),
      { packets, originalBytes, startTime, endTime, durationSeconds } = capture;
    const counts = (['eth', 'wlan', 'ip', 'ipv6', 'tcp', 'udp', 'sctp'] as const).flatMap((layer) => {
      const n = totals[`conversations.${layer}`] ?? 0;
      return n === 0 ? [] : [`${NAMES[layer]}: ${plural(n, 'conversation')}, ${plural(totals[`endpoints.${layer}`] ?? 0, 'endpoint')}`];
    });
    return {
      markdown: joined([
        verdictLine(
          `${plural(packets, 'packet')}, ${bytesText(originalBytes)}${durationSeconds === null ? '' : `, in ${durationText(durationSeconds)}`}.`,
        ),
        section('When', startTime === null ? ['The packets carry no time.'] : [`From ${clock(startTime)} to ${clock(endTime)} UTC.`]),
        section('How much', [
          ...(durationSeconds === null || durationSeconds === 0
            ? []
            : [
                `${countText(Math.round(packets / durationSeconds))} packets and ${bytesText(Math.round(originalBytes / durationSeconds))} in a second, on average.`,
              ]),
          ...(capture.capturedBytes === originalBytes ? [] : [`${bytesText(capture.capturedBytes)} of the bytes were kept; packets were cut short.`]),
          ...counts,
        ]),
        section('The file', [`${inline(capture.format)}, ${bytesText(capture.fileBytes)}.`]),
      ]),
    };
  },
};

const NAMES = { eth: 'Ethernet', wlan: 'Wi-Fi', ip: 'IPv4', ipv6: 'IPv6', tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const;
