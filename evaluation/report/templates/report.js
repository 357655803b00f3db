// Makes tables sortable by a click on a heading. Without it the page reads the same.
"use strict";
(() => {
  const numberOf = (cell) => {
    const text = cell.dataset.value ?? cell.textContent.replaceAll("\u2212", "-");
    const found = text.replaceAll(",", "").match(/[-+]?\d+(\.\d+)?(e[-+]?\d+)?/);
    return found ? Number(found[0]) : NaN;
  };
  const compare = (column, numeric, sign) => (one, other) => {
    const [a, b] = [one.cells[column], other.cells[column]];
    if (!numeric) return sign * a.textContent.localeCompare(b.textContent, "en", {numeric: true});
    const [x, y] = [numberOf(a), numberOf(b)];
    // What has no number stands last, whichever way the rest is sorted.
    if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
    return sign * (x - y);
  };
  // The column of each heading that stands over one column alone.
  const columnsOf = (table) => {
    const taken = [], found = [];
    [...table.tHead.rows].forEach((row, y) => {
      let x = 0;
      for (const cell of row.cells) {
        while (taken[y]?.[x]) x++;
        for (let i = 0; i < cell.rowSpan; i++)
          for (let j = 0; j < cell.colSpan; j++) (taken[y + i] ??= [])[x + j] = true;
        if (cell.colSpan === 1) found.push([cell, x]);
        x += cell.colSpan;
      }
    });
    return found;
  };
  // Rows are sorted between the headings of groups.
  const groupsOf = (body) => {
    const groups = [[]];
    for (const row of body.rows)
      if (row.classList.contains("group")) groups.push([row], []);
      else groups.at(-1).push(row);
    return groups;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = columnsOf(table);
    for (const [heading, column] of headings) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      const numeric = heading.classList.contains("n");
      button.addEventListener("click", () => {
        const now = heading.getAttribute("aria-sort");
        const next = numeric ? now !== "descending" : now === "ascending";
        for (const [other] of headings) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", next ? "descending" : "ascending");
        const order = compare(column, numeric, next ? -1 : 1);
        const body = table.tBodies[0];
        for (const group of groupsOf(body)) body.append(...group.sort(order));
      });
    }
  }
})();
