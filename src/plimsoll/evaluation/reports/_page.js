for (const field of document.querySelectorAll(".filter")) {
  const cases = [...document.getElementById(field.dataset.of).querySelectorAll("details")];
  const count = field.querySelector("output");
  field.hidden = false;
  field.querySelector("input").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const one of cases) {
      const text = one.textContent.toLowerCase();
      one.hidden = !words.every((word) => text.includes(word));
      left += one.hidden ? 0 : 1;
    }
    count.textContent = words.length ? `${left} of ${cases.length}` : "";
  });
}
