import { element } from "./element.ts";

/** Reloads a served page when the run has changed. While the question browser has the focus, shows a button instead. */
export function followChanges(state: string): void {
  const source = new EventSource(`changes?since=${encodeURIComponent(state)}`);
  source.addEventListener("message", () => {
    const isReading = document.getElementById("question-browser")?.contains(document.activeElement) ?? false;
    if (!isReading) return location.reload();
    if (document.getElementById("reload")) return;
    const button = element("button", { type: "button", id: "reload" }, "The run has continued. Reload");
    button.addEventListener("click", () => location.reload());
    document.querySelector(".top")?.append(button);
  });
}
