// The shell: purpose, theme, keys, dialogs. Pages work without it; it makes them quicker to use.
(function () {
  const THEMES = ["auto", "light", "dark"];
  const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

  function pickPurpose(select) {
    const address = new URL(window.location.href);
    address.searchParams.set("purpose", select.value);
    for (const name of ["after", "before", "format"]) address.searchParams.delete(name);
    window.location.assign(address);
  }

  function nextTheme() {
    const at = THEMES.indexOf(window.chosenTheme());
    const theme = THEMES[(at + 1) % THEMES.length];
    window.chooseTheme(theme);
    sayTheme();
  }

  function sayTheme() {
    const theme = window.chosenTheme();
    for (const button of document.querySelectorAll("[data-act=theme]")) {
      button.setAttribute("aria-label", `Theme: ${theme}. Change`);
      button.title = `Theme: ${theme}`;
      for (const mark of button.querySelectorAll("[data-theme]")) {
        mark.hidden = mark.dataset.theme !== theme;
      }
    }
  }

  async function copyLink(button) {
    await navigator.clipboard.writeText(window.location.href);
    const word = button.querySelector("span");
    const before = word.textContent;
    word.textContent = "Copied";
    setTimeout(() => (word.textContent = before), 1500);
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-act=purpose]")) pickPurpose(event.target);
    if (event.target.matches("[data-act=filter]")) event.target.form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    if (button.dataset.act === "theme") nextTheme();
    if (button.dataset.act === "copy-link") copyLink(button);
    if (button.dataset.act === "open") document.getElementById(button.dataset.dialog).showModal();
    if (button.dataset.act === "close") button.closest("dialog").close();
  });

  let first = "";
  function goTo(letter) {
    const link = document.querySelector(`.side [data-key="${letter}"]`);
    if (link) link.click();
  }

  function moveRow(step) {
    const links = [...document.querySelectorAll("main tbody tr a[data-row]")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  }

  const ACTS = {
    "/": () => document.getElementById("find").focus(),
    "?": () => document.getElementById("keys").showModal(),
    g: () => (first = "g"),
    j: () => moveRow(1),
    k: () => moveRow(-1),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target.id === "find") event.target.blur();
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (first === "g") {
      first = "";
      goTo(event.key);
      return;
    }
    const act = ACTS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  sayTheme();
})();
