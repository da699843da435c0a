/** The menu itself: opened at a point, worked by arrows, letters, Enter and Escape, and giving the focus back. */
import { html, nothing, render } from 'lit';
import type { Menu, MenuItem } from '../menu.ts';

let host: HTMLElement | null = null;
let returnTo: HTMLElement | null = null;

function items(): HTMLElement[] {
  return host === null ? [] : [...host.querySelectorAll<HTMLElement>('[role^=menuitem]')];
}

export function closeMenu(): void {
  if (host === null) return;
  render(null, host);
  host.remove();
  host = null;
  document.removeEventListener('pointerdown', outside, true);
  window.removeEventListener('blur', closeMenu);
  returnTo?.focus({ preventScroll: true });
  returnTo = null;
}

function outside(event: Event): void {
  if (host !== null && !host.contains(event.target as Node)) {
    // The click goes where it was aimed: focus must not jump back over it.
    returnTo = null;
    closeMenu();
  }
}

function onKey(event: KeyboardEvent): void {
  const all = items();
  const index = all.indexOf(document.activeElement as HTMLElement);
  const step = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: all.length - 1 }[event.key];
  if (step !== undefined) all[(step + all.length) % all.length]?.focus();
  else if (event.key === 'Escape' || event.key === 'Tab') closeMenu();
  else if (event.key.length === 1 && event.key !== ' ') {
    const letter = event.key.toLowerCase();
    [...all.slice(index + 1), ...all.slice(0, index + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Opens beside the element when there is no pointer (the menu key). */
export function openMenu(menu: Menu, at: { readonly x: number; readonly y: number } | HTMLElement): void {
  closeMenu();
  if (menu.length === 0) return;
  returnTo = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  host = document.createElement('div');
  document.body.append(host);
  const run = (item: MenuItem): void => {
    closeMenu();
    item.run();
  };
  const rect = at instanceof HTMLElement ? at.getBoundingClientRect() : null;
  const point = at instanceof HTMLElement ? { x: rect?.left ?? 0, y: rect?.bottom ?? 0 } : at;
  const row = (item: MenuItem) =>
    html`<button
      role=${item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
      aria-checked=${item.checked ?? nothing}
      tabindex="-1"
      @click=${() => run(item)}
      @pointermove=${(event: PointerEvent) => (event.currentTarget as HTMLElement).focus()}
    >
      <i class="codicon ${item.checked === true ? 'codicon-check' : ''}" aria-hidden="true"></i><span>${item.label}</span
      ><kbd class="muted">${item.hint ?? ''}</kbd>
    </button>`;
  render(
    html`<div class="menu" role="menu" aria-label="Actions" data-testid="context-menu" @keydown=${onKey}>
      ${menu.map((group, index) => html`${index === 0 ? null : html`<hr role="separator" />`}${group.map(row)}`)}
    </div>`,
    host,
  );
  const box = host.firstElementChild as HTMLElement;
  const x = Math.max(2, Math.min(point.x, window.innerWidth - box.offsetWidth - 2));
  const below = point.y + box.offsetHeight <= window.innerHeight - 2;
  const y = below ? point.y : Math.max(2, (rect?.top ?? point.y) - box.offsetHeight);
  box.style.left = `${String(x)}px`;
  box.style.top = `${String(y)}px`;
  items()[0]?.focus();
  document.addEventListener('pointerdown', outside, true);
  window.addEventListener('blur', closeMenu);
}
