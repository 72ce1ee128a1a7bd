/* Splits the grouped list of places into a city and a county list: 16 and some 10 entries are quicker on a phone than
   150. Without this file the grouped list does the same work. */
"use strict";

function splitRegion(select) {
  const groups = Array.from(select.querySelectorAll("optgroup"));
  if (groups.length < 2) return;
  const city = document.createElement("select");
  city.className = select.className;
  city.setAttribute("aria-label", select.dataset.cityLabel || "");
  const loose = Array.from(select.children).filter((child) => child.tagName === "OPTION");
  const first = loose.shift();
  const add = (parent, option) => parent.append(new Option(option.text, option.value, false, option.selected));
  city.append(new Option(first.text, ""));
  groups.forEach((group, index) => city.append(new Option(group.label, String(index))));
  loose.forEach((option) => city.append(new Option(option.text, "=" + option.value)));

  const show = (chosen) => {
    const group = groups[Number(city.value)];
    select.replaceChildren();
    if (city.value === "" || city.value.startsWith("=")) {
      add(select, city.value === "" ? first : loose.find((option) => "=" + option.value === city.value));
      select.hidden = true;
    } else {
      Array.from(group.children).forEach((option) => add(select, option));
      select.hidden = false;
      if (chosen) select.value = chosen;
    }
  };

  const chosen = select.value;
  const home = groups.findIndex((group) => Array.from(group.children).some((option) => option.value === chosen));
  city.value = home >= 0 ? String(home) : loose.some((option) => option.value === chosen) ? "=" + chosen : "";
  select.before(city);
  show(chosen);
  city.addEventListener("change", () => show(""));
}

document.querySelectorAll("select[data-split]").forEach(splitRegion);
