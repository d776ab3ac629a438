(() => {
  "use strict";
  const table = document.getElementById("recordings"), body = table.tBodies[0];
  const original = new Map([...body.rows].map((row, order) => [row, order]));
  for (const button of table.querySelectorAll("thead button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th"), column = head.cellIndex;
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const compare = (a, b) => {
        const [one, two] = [a.cells[column], b.cells[column]];
        if (one.dataset.value === undefined) {
          return (descending ? -1 : 1) * one.textContent.localeCompare(two.textContent, "en", { numeric: true });
        }
        const missing = (one.dataset.value === "") - (two.dataset.value === "");  // what is not known stays at the end
        return missing || (descending ? two.dataset.value - one.dataset.value : one.dataset.value - two.dataset.value);
      };
      body.append(...[...body.rows].sort((a, b) => compare(a, b) || original.get(a) - original.get(b)));
    });
  }
})();
