/** A stream that is nothing but a file, as data connections of FTP are (RFC 959 section 3.4, stream mode): whoever sends sends it, until the connection ends. */
import { NEED_MORE, type Direction, type StreamDissector } from './dissector.ts';
import { NO_FILE } from './fileTaker.ts';

/** Longer than any stream. */
const NO_END = 2 ** 40;

interface PlainFile {
  file: number;
  /** Who sends, -1 while nobody has. */
  sender: Direction | -1;
  passed: number;
}

export const plainFile: StreamDissector<PlainFile> = {
  recognise: () => 'no',
  open: () => ({ file: NO_FILE, sender: -1, passed: 0 }),
  keepBytes: 0,
  step(p, _bytes, offset, end) {
    if (offset >= end) return NEED_MORE;
    p.pduComplete = false;
    p.pduKeep = 0;
    return NO_END;
  },
  passed(p, bytes, from, to, direction, state) {
    if (state.sender < 0) state.sender = direction;
    if (state.sender !== direction) return;
    if (bytes !== null) p.files?.take(p, state.file, state.passed, bytes, from, to);
    state.passed += to - from;
  },
  finish: (direction, state) => state.sender === direction,
  dissect: (p, _offset, _end, _direction, state) => p.files?.end(p, state.file, true),
};
