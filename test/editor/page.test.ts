import { describe, expect, test } from 'vitest';
import { pageHtml } from '../../src/editor/page.ts';

const resources = {
  script: 'https://x.test/webview.js',
  styleSheet: 'https://x.test/webview.css',
  source: 'https://x.test',
  title: 'a.pcap',
  language: 'en',
};

describe('the page', () => {
  test('runs our bundle and nothing else', () => {
    const html = pageHtml(resources, 'N0nce');
    expect(html).toContain("default-src 'none'".replaceAll("'", '&#39;'));
    expect(html).toContain('script-src &#39;nonce-N0nce&#39;;');
    expect(html).toContain('<script nonce="N0nce" src="https://x.test/webview.js"></script>');
    expect(html).not.toContain('unsafe');
  });
  test('has a nonce of its own every time', () => {
    expect(pageHtml(resources)).not.toBe(pageHtml(resources));
  });
  test('shows a file name that looks like markup as the text it is', () => {
    const html = pageHtml({ ...resources, title: '</title><script>alert(1)</script>.pcap' });
    expect(html).toContain('<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;.pcap</title>');
  });
});
