// The marker on the bar beside a number. Limits and entry are compared digit for digit, never as binary floats.
// It only shows where the value lies; whether it is within its limits is judged and said by the server.

// "7,20" or "1.5e8" as [whole number, power of ten]; null for what is no number.
function decimal(text) {
  const match = /^([+-]?)(\d+)(?:[.,](\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text.trim().replace("−", "-"));
  if (!match) return null;
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  return [BigInt(`${sign === "-" ? "-" : ""}${whole}${fraction}`), Number(exponent) - fraction.length];
}

function compare(a, b) {
  const power = Math.min(a[1], b[1]);
  const [x, y] = [a, b].map(([digits, exponent]) => digits * 10n ** BigInt(exponent - power));
  return x < y ? -1 : x > y ? 1 : 0;
}

function place(value, limits, exclusive) {
  const is = (side, bound) => {
    const found = limits[bound] && compare(value, limits[bound]);
    return found === side || (found === 0 && exclusive.includes(bound));
  };
  if (is(-1, "par_low")) return ["bad", "▲ Below the accepted range"];
  if (is(1, "par_high")) return ["bad", "▲ Above the accepted range"];
  if (is(-1, "nor_low")) return ["watch", "◆ Below the normal range"];
  if (is(1, "nor_high")) return ["watch", "◆ Above the normal range"];
  return ["", ""];
}

function show(input) {
  const { exclusive = [], ...bounds } = JSON.parse(input.dataset.limits);
  const limits = Object.fromEntries(Object.entries(bounds).map(([name, text]) => [name, text ? decimal(text) : null]));
  const holder = input.closest(".entry") ?? input.closest(".field");
  const bar = holder.querySelector(".limit-bar");
  const told = holder.querySelector(".limit-told");
  const value = decimal(input.value);
  const marker = bar?.querySelector(".marker");
  const [tone, text] = value ? place(value, limits, exclusive) : ["", ""];
  if (told) {
    told.className = `limit-told state ${tone}`;
    told.textContent = text;
    told.hidden = !text;
  }
  if (!marker) return;
  marker.toggleAttribute("hidden", !value);
  if (!value) return;
  const [low, high] = [Number(bar.dataset.low), Number(bar.dataset.high)];
  const part = (Number(value[0]) * 10 ** value[1] - low) / (high - low);
  marker.setAttribute("x", String(Math.min(0.985, Math.max(0, part)) * 320));
}

export function followLimits(page) {
  for (const input of page.querySelectorAll("input[data-limits]:not([data-followed])")) {
    input.dataset.followed = "yes";
    input.addEventListener("input", () => show(input));
    show(input);
  }
}
