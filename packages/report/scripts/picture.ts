import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CHROMIUM, launchChromium } from "./chromium.ts";

// Writes docs/report.png, the picture of a real report in the README, from a page that `mlan report` wrote:
// `npm run report:picture -- runs/miniworld/report.html`. It shows the page down to the plot of the results.

const WIDTH = 1000;

const [report = "runs/miniworld/report.html"] = process.argv.slice(2);
const target = fileURLToPath(new URL("../../../docs/report.png", import.meta.url));
if (CHROMIUM === undefined) throw new Error("The picture needs Chromium: apt install chromium, or set MLAN_CHROMIUM.");
const browser = await launchChromium(CHROMIUM);
try {
  const page = await browser.newPage({
    viewport: { width: WIDTH, height: 800 },
    deviceScaleFactor: 1.2,
    colorScheme: "light",
  });
  await page.goto(pathToFileURL(resolve(process.env["INIT_CWD"] ?? ".", report)).href);
  const plot = page.locator("[data-plot=results] svg");
  await plot.waitFor();
  const box = await plot.boundingBox();
  const height = Math.ceil((box?.y ?? 0) + (box?.height ?? 0) + 8);
  await page.screenshot({ path: target, fullPage: true, clip: { x: 0, y: 0, width: WIDTH, height } });
} finally {
  await browser.close();
}
console.log(target);
