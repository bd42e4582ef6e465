// A knob: a picture of which the page holds every setting (see pwlib/figures/knobs.py). Its script element
// has, for each setting, the places among the pieces of what the slots show.
document.addEventListener("DOMContentLoaded", () => {
  for (const figure of document.querySelectorAll("figure.knobs")) {
    const { written, slots, pieces, frames } = JSON.parse(
      figure.querySelector('script[type="application/json"]').textContent,
    );
    const inputs = [...figure.querySelectorAll("input, select")];
    const place = (input) => input.selectedIndex ?? Number(input.value);

    const show = () => {
      const at = inputs.reduce((sum, input, i) => sum * written[i].length + place(input), 0);
      slots.forEach(([id, attribute], i) => {
        const element = document.getElementById(id);
        const value = pieces[frames[at][i]];
        if (attribute !== "text") element.setAttribute(attribute, value);
        else if (element.textContent !== value) element.textContent = value;
      });
      inputs.forEach((input, i) => {
        if (input.type !== "range") return;
        const value = written[i][place(input)];
        input.setAttribute("aria-valuetext", value);
        input.nextElementSibling.textContent = value;
      });
    };

    figure.addEventListener("input", show);
    show(); // a browser may have kept the controls where they were
    figure.querySelector(".turn").hidden = false;
    figure.classList.add("ready");
  }
});
