// The pages of the ledger and of the register: a search, and filters by what the entries say of
// themselves in data-*. Without a script all entries are there.
document.addEventListener("DOMContentLoaded", () => {
  const entries = [...document.querySelectorAll("div.entry")];
  if (!entries.length) return;
  const box = document.createElement("form");
  box.className = "filters";
  box.setAttribute("role", "search");
  entries[0].before(box);

  const add = (text, field) => {
    const label = document.createElement("label");
    label.append(text, field);
    box.append(label);
    return field;
  };
  const search = add("Search", Object.assign(document.createElement("input"), { type: "search" }));
  const filters = Object.keys(entries[0].dataset).map((key) => {
    const select = add(key[0].toUpperCase() + key.slice(1), document.createElement("select"));
    const parts = entries.flatMap((entry) => entry.dataset[key].split(", "));
    select.append(new Option("all", ""), ...[...new Set(parts)].sort().map((part) => new Option(part)));
    return [key, select];
  });
  const count = box.appendChild(document.createElement("output"));

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    const fits = (entry) =>
      words.every((word) => entry.textContent.toLowerCase().includes(word)) &&
      filters.every(([key, { value }]) => !value || entry.dataset[key].split(", ").includes(value));
    entries.forEach((entry) => { entry.hidden = !fits(entry); });
    count.textContent = `${entries.filter((entry) => !entry.hidden).length} of ${entries.length}`;
  };
  box.addEventListener("input", show);
  box.addEventListener("submit", (event) => event.preventDefault());
  const asked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  asked?.scrollIntoView(); // the filters have moved what a link led to
  show();
});
