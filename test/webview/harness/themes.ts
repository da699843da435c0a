/** Theme tokens as VS Code 1.139 hands them to a webview: Dark Modern, Light Modern and the two high-contrast themes. */
const tokens = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .trim()
      .split(/\s*;\s*/)
      .filter((entry) => entry !== '')
      .map((entry) => {
        const space = entry.indexOf(' ');
        return [entry.slice(0, space), entry.slice(space + 1)];
      }),
  );

export interface Theme {
  readonly bodyClass: string;
  readonly tokens: Readonly<Record<string, string>>;
}

export const THEMES: Readonly<Record<string, Theme>> = {
  dark: {
    bodyClass: 'vscode-dark',
    tokens:
      tokens(`foreground #CCCCCC; errorForeground #F85149; focusBorder #0078D4; editor-background #1F1F1F; sideBar-background #181818; sideBar-foreground #CCCCCC;
      panel-border #2B2B2B; widget-border #313131; widget-shadow #0000005C; editorWidget-background #202020; input-background #313131; input-foreground #CCCCCC; input-border #3C3C3C;
      input-placeholderForeground #989898; inputValidation-errorBackground #5A1D1D; inputValidation-errorBorder #BE1100; button-background #0078D4; button-foreground #FFFFFF;
      button-hoverBackground #026EC1; button-secondaryBackground #00000000; button-secondaryForeground #CCCCCC; button-secondaryHoverBackground #2B2B2B;
      list-activeSelectionBackground #04395E; list-activeSelectionForeground #FFFFFF; list-inactiveSelectionBackground #37373D; list-hoverBackground #2A2D2E; textLink-foreground #4DAAFC;
      progressBar-background #0078D4; settings-headerForeground #FFFFFF; toolbar-hoverBackground #5A5D5E50; editor-selectionBackground #264F78; menu-background #1F1F1F; menu-foreground #CCCCCC;
      menu-selectionBackground #0078D4; menu-selectionForeground #FFFFFF; charts-red #F14C4C; charts-yellow #CCA700; charts-blue #59A4F9; charts-green #89D185; charts-purple #B180D7`),
  },
  light: {
    bodyClass: 'vscode-light',
    tokens:
      tokens(`foreground #3B3B3B; errorForeground #F85149; focusBorder #005FB8; editor-background #FFFFFF; sideBar-background #F8F8F8; sideBar-foreground #3B3B3B;
      panel-border #E5E5E5; widget-border #E5E5E5; widget-shadow #00000029; editorWidget-background #F8F8F8; input-background #FFFFFF; input-foreground #3B3B3B; input-border #CECECE;
      input-placeholderForeground #767676; inputValidation-errorBackground #F2DEDE; inputValidation-errorBorder #BE1100; button-background #005FB8; button-foreground #FFFFFF;
      button-hoverBackground #0258A8; button-secondaryBackground #E5E5E5; button-secondaryForeground #3B3B3B; button-secondaryHoverBackground #CCCCCC;
      list-activeSelectionBackground #E8E8E8; list-activeSelectionForeground #000000; list-inactiveSelectionBackground #E4E6F1; list-hoverBackground #F2F2F2; textLink-foreground #005FB8;
      progressBar-background #005FB8; settings-headerForeground #1F1F1F; toolbar-hoverBackground #B8B8B850; editor-selectionBackground #ADD6FF; menu-background #FFFFFF; menu-foreground #3B3B3B;
      menu-selectionBackground #005FB8; menu-selectionForeground #FFFFFF; charts-red #E51400; charts-yellow #BF8803; charts-blue #0063D3; charts-green #388A34; charts-purple #652D90`),
  },
  'hc-dark': {
    bodyClass: 'vscode-high-contrast',
    tokens:
      tokens(`foreground #FFFFFF; errorForeground #F48771; focusBorder #F38518; contrastBorder #6FC3DF; contrastActiveBorder #F38518; editor-background #000000; sideBar-background #000000;
      sideBar-foreground #FFFFFF; panel-border #6FC3DF; widget-border #6FC3DF; editorWidget-background #0C141F; input-background #000000; input-foreground #FFFFFF; input-border #6FC3DF;
      input-placeholderForeground #FFFFFFB3; inputValidation-errorBackground #000000; inputValidation-errorBorder #6FC3DF; button-background #000000; button-foreground #FFFFFF; button-border #6FC3DF;
      button-hoverBackground #000000; button-secondaryBackground #000000; button-secondaryForeground #FFFFFF; button-secondaryHoverBackground #000000; list-activeSelectionBackground #00000000;
      list-inactiveSelectionBackground #00000000; list-hoverBackground #FFFFFF1A; textLink-foreground #21A6FF; progressBar-background #6FC3DF; settings-headerForeground #FFFFFF;
      toolbar-hoverBackground #00000000; editor-selectionBackground #FFFFFF; menu-background #000000; menu-foreground #FFFFFF; menu-border #6FC3DF; menu-selectionBackground #00000000;
      charts-red #F48771; charts-yellow #FFD370; charts-blue #59A4F9; charts-green #89D185; charts-purple #B180D7`),
  },
  'hc-light': {
    bodyClass: 'vscode-high-contrast-light vscode-high-contrast',
    tokens:
      tokens(`foreground #292929; errorForeground #B5200D; focusBorder #006BBD; contrastBorder #0F4A85; contrastActiveBorder #006BBD; editor-background #FFFFFF; sideBar-background #FFFFFF;
      sideBar-foreground #292929; panel-border #0F4A85; widget-border #0F4A85; editorWidget-background #FFFFFF; input-background #FFFFFF; input-foreground #292929; input-border #0F4A85;
      input-placeholderForeground #292929B3; inputValidation-errorBackground #FFFFFF; inputValidation-errorBorder #0F4A85; inputValidation-errorForeground #292929; button-background #0F4A85;
      button-foreground #FFFFFF; button-hoverBackground #0F4A85; button-secondaryBackground #FFFFFF; button-secondaryForeground #292929; button-secondaryHoverBackground #FFFFFF;
      list-activeSelectionBackground #0F4A851A; list-inactiveSelectionBackground #0F4A851A; list-hoverBackground #0F4A851A; textLink-foreground #0F4A85; progressBar-background #0F4A85;
      settings-headerForeground #292929; toolbar-hoverBackground #00000000; editor-selectionBackground #0F4A85; menu-background #FFFFFF; menu-foreground #292929; menu-border #0F4A85;
      menu-selectionBackground #0F4A851A; charts-red #B5200D; charts-yellow #895503; charts-blue #0063D3; charts-green #374E06; charts-purple #652D90`),
  },
};
