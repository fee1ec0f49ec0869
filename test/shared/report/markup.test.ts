import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { markup, Markup } from '../../../shared/report/html.js';
import { visibleText } from '../../../shared/report/visible-text.js';

test('text in a template is escaped, markup and lists of it are not', () => {
  const hostile = `"><script>alert('x')</script>&amp;`;
  assert.equal(
    markup`<b title="${hostile}">${[markup`<i>${hostile}</i>`, undefined, false, 7]}</b>`.text,
    '<b title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;">' +
      '<i>&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;</i>7</b>',
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(markup`${text}`.text, /[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
    }),
  );
  assert.equal(markup`${new Markup('<br>')}`.text, '<br>');
});

test('what hides or turns text is shown as what it is, and long text is cut', () => {
  assert.equal(visibleText('a\u202Egnp.exe\u0000\u200B\ud800'), 'a\\u{202e}gnp.exe\\u{0}\\u{200b}\\u{d800}');
  assert.equal(visibleText('Grüße 漢字 🙂'), 'Grüße 漢字 🙂');
  assert.equal(visibleText('x'.repeat(400)), `${'x'.repeat(300)}…`);
});
