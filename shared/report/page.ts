import { createHash } from 'node:crypto';
import { markup, Markup } from './html.js';

/** Style and script of a page, which stand in it. */
export interface PageAssets {
  readonly style: string;
  readonly script: string;
}

/**
 * A page that needs nothing from elsewhere and may fetch nothing: its policy (CSP level 3) lets only these two inline
 * texts in, by their hashes.
 */
export function* page(
  title: string,
  { style, script }: PageAssets,
  body: Iterable<Markup>,
): Generator<Markup> {
  const policy = [
    "default-src 'none'",
    `style-src '${sourceHash(style)}'`,
    `script-src '${sourceHash(script)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  yield markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
`;
  yield* body;
  yield markup`<script>${new Markup(script)}</script>
</body>
</html>
`;
}

function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
