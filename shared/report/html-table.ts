import { markup, type Markup } from './html.js';

/** A box that filters the tables of its section; the script brings it to life, without it there is none. */
export function filterBox(what: string): Markup {
  return markup`<div class="filter" hidden><label for="filter-${what}">Filter ${what}</label>
<input id="filter-${what}" type="search" autocomplete="off" spellcheck="false" aria-describedby="shown-${what}">
<span id="shown-${what}" role="status"></span></div>`;
}
