import type { PageData } from "../src/page-data.ts";
import { followChanges } from "./live.ts";
import { drawPlots } from "./plots.ts";
import { openQuestionBrowser } from "./question-browser.ts";

const data = JSON.parse(document.getElementById("page-data")?.textContent ?? "null") as PageData;
addThemeButton();
drawPlots(data);
openQuestionBrowser(data);
const { state } = document.documentElement.dataset;
if (state !== undefined) followChanges(state);

/** Adds a button that switches between the light and the dark theme. */
function addThemeButton(): void {
  const button = document.getElementById("theme");
  if (!button) return;
  const isDark = (): boolean =>
    (document.documentElement.dataset["theme"] ??
      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = (): void => void (button.textContent = isDark() ? "Light" : "Dark");
  button.addEventListener("click", () => {
    document.documentElement.dataset["theme"] = isDark() ? "light" : "dark";
    name();
  });
  name();
  button.hidden = false;
}
