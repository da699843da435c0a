/**
 * Styles through the CSSOM, `style=${css({ width: '4px' })}`. Lit's own styleMap writes the attribute the first time,
 * which our Content-Security-Policy forbids.
 */
import { noChange } from 'lit';
import { Directive, directive, PartType, type AttributePart, type PartInfo } from 'lit/directive.js';

type Styles = Readonly<Record<string, string>>;

class CssDirective extends Directive {
  private previous: Styles = {};

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ATTRIBUTE || part.name !== 'style') throw new Error('css() belongs into a style attribute');
  }

  override render(_styles: Styles): typeof noChange {
    return noChange;
  }

  override update(part: AttributePart, [styles]: [Styles]): typeof noChange {
    const { style } = part.element;
    for (const name of Object.keys(this.previous)) if (!Object.hasOwn(styles, name)) style.removeProperty(name);
    for (const [name, value] of Object.entries(styles)) if (this.previous[name] !== value) style.setProperty(name, value);
    this.previous = styles;
    return noChange;
  }
}

export const css = directive(CssDirective);
