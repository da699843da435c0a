/**
 * Arithmetic for lists longer than a browser can make an element tall (Chromium stops near 33 million pixels, and zooming
 * shrinks that). The list has a *virtual* height of rows * rowHeight; the scrolled element is at most MAX_HEIGHT tall.
 * Small movements are followed pixel by pixel, jumps (dragging the thumb, Home, End) are scaled.
 */
export const MAX_HEIGHT = 4_000_000;

export interface ScrollMap {
  readonly rowHeight: number;
  readonly rows: number;
  readonly viewport: number;
  /** virtual top = physical scrollTop + offset */
  readonly offset: number;
  readonly physical: number;
}

export function virtualHeight(map: ScrollMap): number {
  return map.rows * map.rowHeight;
}

export function physicalHeight(map: ScrollMap): number {
  return Math.min(MAX_HEIGHT, virtualHeight(map));
}

export function virtualTop(map: ScrollMap): number {
  return map.physical + map.offset;
}

const limit = (value: number, max: number): number => Math.max(0, Math.min(value, max));

function ranges(map: ScrollMap): { virtual: number; physical: number } {
  return { virtual: Math.max(0, virtualHeight(map) - map.viewport), physical: Math.max(0, physicalHeight(map) - map.viewport) };
}

/** The map with a new number of rows or viewport, staying where it was. */
export function resized(map: ScrollMap, rows: number, viewport: number): ScrollMap {
  return movedTo({ ...map, rows, viewport }, virtualTop(map));
}

/** The map after the browser scrolled to `physical`. */
export function scrolledTo(map: ScrollMap, physical: number): ScrollMap {
  const range = ranges(map);
  if (range.virtual <= range.physical) return { ...map, physical, offset: 0 };
  const moved = physical - map.physical;
  const near = Math.abs(moved) <= map.viewport * 2;
  let top = near ? virtualTop(map) + moved : (physical / range.physical) * range.virtual;
  if (physical <= 0) top = 0;
  else if (physical >= range.physical - 0.5) top = range.virtual;
  return { ...map, physical, offset: Math.round(limit(top, range.virtual)) - physical };
}

/** The map with its virtual top here and the thumb where that belongs; the caller sets scrollTop to `physical`. */
export function movedTo(map: ScrollMap, top: number): ScrollMap {
  const range = ranges(map);
  const virtual = limit(top, range.virtual);
  if (range.virtual <= range.physical) return { ...map, physical: virtual, offset: 0 };
  const physical = Math.round((virtual / range.virtual) * range.physical);
  return { ...map, physical, offset: Math.round(virtual) - physical };
}

/** Virtual top that shows row `index` with the least movement. */
export function topToReveal(map: ScrollMap, index: number): number {
  const top = virtualTop(map);
  const rowTop = index * map.rowHeight;
  if (rowTop < top) return rowTop;
  if (rowTop + map.rowHeight > top + map.viewport) return rowTop + map.rowHeight - map.viewport;
  return top;
}

/** Rows to draw, half-open, with a few beyond both edges so that a fast wheel does not show a gap. */
export function visibleRows(map: ScrollMap, overscan = 6): { readonly from: number; readonly to: number } {
  const first = Math.floor(virtualTop(map) / map.rowHeight);
  const count = Math.ceil(map.viewport / map.rowHeight) + 1;
  return { from: Math.max(0, first - overscan), to: Math.min(map.rows, first + count + overscan) };
}
