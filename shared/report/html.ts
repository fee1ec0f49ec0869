import { visibleText } from './visible-text.js';

/** Markup that may stand in a page as it is. */
export class Markup {
  readonly text: string;

  /** @param text written by us, or escaped */
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, markup is not; lists are joined. */
export type Content = string | number | false | Markup | undefined | readonly Content[];

/**
 * Template tag for markup: what is interpolated is escaped, so that nothing from an update can become markup. Attribute
 * values in templates always stand in double quotes.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = parts[0] ?? '';
  values.forEach((value, i) => {
    text += render(value) + (parts[i + 1] ?? '');
  });
  return new Markup(text);
}

function render(value: Content): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(visibleText(value));
  if (value instanceof Markup) return value.text;
  return value.map(render).join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** A path that may be broken after each slash. */
export function pathMarkup(path: string): Markup {
  const [first = '', ...others] = path.split('/');
  return markup`${first}${others.map((segment) => markup`/<wbr>${segment}`)}`;
}
