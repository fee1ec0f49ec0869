// Sorting and filtering of the report's tables. Without this script the page says the same.
'use strict';
{
  const collator = new Intl.Collator('en', { numeric: true });

  /** The value that a cell sorts by: a number that it carries, or its text. */
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent;
  };

  const sort = (table, header) => {
    const ascending = header.getAttribute('aria-sort') !== 'ascending';
    const rows = [...table.tBodies[0].rows];
    const keyed = rows.map((row) => [valueOf(row, header.cellIndex), row]);
    const sign = ascending ? 1 : -1;
    keyed.sort(([a], [b]) => sign * collator.compare(a, b));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    table.tBodies[0].append(...keyed.map(([, row]) => row));
  };

  for (const table of document.querySelectorAll('table[data-sortable]')) {
    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...header.childNodes);
      button.addEventListener('click', () => sort(table, header));
      header.append(button);
    }
  }

  /** Shows the rows that hold every word, and says how many these are. */
  const filter = (rows, input, status) => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      const isShown = words.every((word) => text.includes(word));
      row.hidden = !isShown;
      if (isShown) shown++;
    }
    status.textContent = words.length === 0 ? '' : `${shown} of ${rows.length} shown`;
  };

  for (const section of document.querySelectorAll('[data-filtered]')) {
    const box = section.querySelector('.filter');
    if (box === null) continue;
    const input = box.querySelector('input');
    const status = box.querySelector('[role=status]');
    let rows;
    let waiting;
    input.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        rows ??= [...section.querySelectorAll('tbody > tr')].map((row) => ({
          row,
          text: row.textContent.toLowerCase(),
        }));
        filter(rows, input, status);
      }, 120);
    });
    box.hidden = false;
  }

  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
}
