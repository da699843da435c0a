/** A line between two panes that can be dragged, or moved with the arrow keys. Sets `--split` (a percentage) on its parent. */
export class NetsecSplitter extends HTMLElement {
  /** Called with the first pane's share, 10-90, when the reader lets go. */
  onMoved: (percent: number) => void = () => undefined;
  private percent = 50;

  static readonly observedAttributes = ['axis'];

  set value(percent: number) {
    this.percent = percent;
    this.show();
  }

  connectedCallback(): void {
    this.setAttribute('role', 'separator');
    this.tabIndex = 0;
    this.addEventListener('pointerdown', this.onDown);
    this.addEventListener('keydown', this.onKey);
    this.show();
  }

  attributeChangedCallback(): void {
    this.show();
  }

  private get vertical(): boolean {
    return this.getAttribute('axis') === 'y';
  }

  private show(): void {
    this.parentElement?.style.setProperty('--split', `${String(this.percent)}%`);
    this.setAttribute('aria-valuenow', String(Math.round(this.percent)));
    this.setAttribute('aria-valuemin', '10');
    this.setAttribute('aria-valuemax', '90');
    this.setAttribute('aria-orientation', this.vertical ? 'horizontal' : 'vertical');
  }

  private set(percent: number): void {
    this.percent = Math.max(10, Math.min(90, percent));
    this.show();
  }

  private readonly onDown = (event: PointerEvent): void => {
    event.preventDefault();
    this.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => {
      const rect = this.parentElement?.getBoundingClientRect();
      if (rect === undefined) return;
      const across = (moved.clientX - rect.left) / rect.width;
      const rtl = getComputedStyle(this).direction === 'rtl';
      this.set((this.vertical ? (moved.clientY - rect.top) / rect.height : rtl ? 1 - across : across) * 100);
    };
    const done = (): void => {
      this.removeEventListener('pointermove', move);
      this.removeEventListener('pointerup', done);
      this.onMoved(this.percent);
    };
    this.addEventListener('pointermove', move);
    this.addEventListener('pointerup', done);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const step = this.vertical ? { ArrowUp: -4, ArrowDown: 4 } : { ArrowLeft: -4, ArrowRight: 4 };
    const by = (step as Record<string, number | undefined>)[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.set(this.percent + by);
    this.onMoved(this.percent);
  };
}

customElements.define('netsec-splitter', NetsecSplitter);
