// Review by keys: a, r and u say what the buttons say, n skips. Works only while nobody is typing.
(function () {
  const busy = (element) => element.closest("input, select, textarea, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (busy(event.target) || document.querySelector("dialog[open]")) return;
    const act = document.querySelector(`[data-verdict-key="${CSS.escape(event.key)}"]`);
    if (!act) return;
    event.preventDefault();
    act.click();
  });
})();
