import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { viewOf } from "@mlan/run-view";
import { reportPage } from "../src/report-page.ts";
import { CHROMIUM, launchChromium } from "./chromium.ts";

// Writes docs/report.png, the picture of a real report in the README: `npm run report:picture -- runs/miniworld`.
// It shows the top of the page, down to the plot of the results.

const [folder = "runs/miniworld"] = process.argv.slice(2);
const target = fileURLToPath(new URL("../../../docs/report.png", import.meta.url));
if (CHROMIUM === undefined) throw new Error("The picture needs Chromium: apt install chromium, or set MLAN_CHROMIUM.");
const view = await viewOf(pathToFileURL(`${resolve(process.env["INIT_CWD"] ?? ".", folder)}/`));
const browser = await launchChromium(CHROMIUM);
try {
  const page = await browser.newPage({
    viewport: { width: 1000, height: 800 },
    deviceScaleFactor: 1.5,
    colorScheme: "light",
  });
  await page.setContent(await reportPage(view, { questions: [] }));
  const plot = page.locator("[data-plot=results] svg");
  await plot.waitFor();
  const box = await plot.boundingBox();
  const height = Math.ceil((box?.y ?? 0) + (box?.height ?? 0) + 24);
  await page.screenshot({ path: target, fullPage: true, clip: { x: 0, y: 0, width: 1000, height } });
} finally {
  await browser.close();
}
console.log(target);
