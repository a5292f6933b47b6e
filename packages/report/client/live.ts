import { element } from "./element.ts";

/** Reloads a page that comes from a server when the run has changed; asks first while questions are being read. */
export function followChanges(state: string): void {
  const source = new EventSource(`changes?since=${encodeURIComponent(state)}`);
  source.addEventListener("message", () => {
    const isReading = document.getElementById("question-browser")?.contains(document.activeElement) ?? false;
    if (!isReading) return location.reload();
    if (document.getElementById("reload")) return;
    const button = element("button", { type: "button", id: "reload" }, "The run has gone on. Reload");
    button.addEventListener("click", () => location.reload());
    document.querySelector(".top")?.append(button);
  });
}
