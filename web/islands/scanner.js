// A scanner types like a keyboard, only faster than any hand. Its burst goes to the scan field wherever the focus is,
// and what it would have left in another field is taken out again.

const FASTEST_HAND_MS = 50; // between two keys; a scanner takes a few, a busy station adds to them (35 broke bursts)
const SHORTEST_CODE = 4;

export function catchScans(page) {
  let burst = "";
  let last = 0;
  let before = null; // the focused field and its text when the burst began

  page.addEventListener("keydown", (event) => {
    const field = page.querySelector("[data-scan]");
    if (!field || event.ctrlKey || event.altKey || event.metaKey) return;
    const now = event.timeStamp; // of the key, not of a busy station that comes to it later
    if (now - last > FASTEST_HAND_MS) {
      burst = "";
      before = "value" in event.target ? [event.target, event.target.value] : null;
    }
    last = now;
    if (event.key === "Enter" && burst.length >= SHORTEST_CODE) {
      event.preventDefault();
      event.stopPropagation();
      if (before && before[0] !== field) {
        before[0].value = before[1];
        before[0].dispatchEvent(new Event("input", { bubbles: true }));
      }
      field.value = burst;
      burst = "";
      field.closest("form").requestSubmit(page.getElementById(field.dataset.scan) ?? undefined);
    } else if (event.key.length === 1) {
      burst += event.key;
    }
  }, true);
}
