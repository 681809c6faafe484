// The builder: keys while the tree has the focus, going on where something was added, and stopping a count.
// Everything else is the form itself, which works without this file.
(function () {
  const form = document.getElementById("builder");
  if (!form || !window.htmx) return;
  const tree = () => document.getElementById("tree");
  const typing = (element) => element.matches("input:not([type=radio], [type=checkbox]), select, textarea");

  function press(key, from) {
    const group = from.closest("[data-group]") || form.querySelector("[data-group]");
    const inGroup = group && group.querySelector(`:scope > .rule-add [data-key="${key}"]`);
    const button = inGroup || form.querySelector(`[data-key="${key}"]`);
    if (!button || button.disabled) return false;
    button.click();
    return true;
  }

  // Alt with an arrow moves the condition, or the group, that has the focus; also while a field of it is filled in.
  function move(event) {
    const part = event.target.closest("[data-part]");
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const button = part && way && part.querySelector(`[value="${way} ${part.id}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.altKey && !event.ctrlKey && !event.metaKey && tree().contains(event.target)) return move(event);
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (!tree().contains(event.target) || !"cgus".includes(event.key)) return;
      if (press(event.key, event.target)) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    true,
  );

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-act=stop-counting]")) window.htmx.trigger(form, "htmx:abort");
  });

  // A new condition takes the focus; a choice that opened other fields keeps it.
  let last = "";
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "tree") last = document.activeElement.name || "";
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "tree") return;
    const fresh = tree().querySelector("[data-focus] :is(input:not([type=hidden]), select)");
    const same = [...tree().querySelectorAll("input, select")].find((field) => last && field.name === last);
    const next = fresh || same;
    if (next) next.focus();
    else if (!tree().contains(document.activeElement)) tree().focus({ preventScroll: true });
  });
})();
