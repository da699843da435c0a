/** Takes nothing in: for frames that are only walked for what later ones need of them. */
import type { FieldSink } from '../pcap/dissector.ts';

const nothing = (): void => undefined;

export const DEAF: FieldSink = {
  wantsText: false,
  wantsRelated: false,
  takes: () => true,
  layer: nothing,
  add: nothing,
  reopen: nothing,
  open: nothing,
  close: nothing,
  info: nothing,
  note: nothing,
};

/** As `DEAF`, where what relates frames is asked for. */
export const DEAF_BUT_RELATED: FieldSink = { ...DEAF, wantsRelated: true };
