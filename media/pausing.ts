/** A page that follows a growing capture, or stands still at what there was when its reader paused. Recording and analysis go on meanwhile. */
import type { Engine, PageMethods } from './engine.ts';

export class Pausing {
  /** It has grown since it was first read to its end: then there is something to pause. */
  grows = false;
  /** Frames that are shown while the page stands still; null while it follows. */
  frames: number | null = null;
  /** Frames there are by now. */
  packets = 0;
  private wasComplete = false;

  /** Takes in how much was read. False where the page stands still and has nothing to ask again. */
  told(packets: number, complete: boolean): boolean {
    const isGrowth = packets !== this.packets;
    if (this.wasComplete && isGrowth) this.grows = true;
    this.wasComplete ||= complete;
    this.packets = packets;
    // Judged again, by another allow-list: that is about what is shown, too.
    return this.frames === null || !isGrowth;
  }

  /** Frame numbers mean other packets now. */
  restarted(): void {
    this.frames = null;
    this.wasComplete = false;
  }
}

/** The engine as who stands still sees it: every question is about the frames of then. */
export function pausedEngine(engine: Engine, pausing: Pausing): Engine {
  return {
    onEvent: engine.onEvent,
    dispose: engine.dispose,
    call: (method, params, signal) => engine.call(method, within(params, pausing.frames), signal),
  };
}

function within<Params extends PageMethods[keyof PageMethods][0]>(params: Params, frames: number | null): Params {
  return frames === null || params === null || !('selection' in params) ? params : { ...params, selection: { ...params.selection, frames } };
}
