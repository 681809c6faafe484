// Set before the first paint, so that a dark page never flashes white.
(function () {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto";
    }
  }

  function apply() {
    const theme = chosen();
    const shown = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    const changed = root.getAttribute("data-bs-theme") !== shown;
    root.setAttribute("data-bs-theme", shown);
    root.setAttribute("data-theme-choice", theme);
    if (changed) document.dispatchEvent(new CustomEvent("theme:changed"));
  }

  window.chooseTheme = function (theme) {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // A browser that stores nothing keeps the theme of the system.
    }
    apply();
  };
  window.chosenTheme = chosen;
  dark.addEventListener("change", apply);
  apply();
})();
