import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** The browser's places on Linux, macOS and Windows; MLAN_CHROMIUM names another one. */
const PLACES = [
  process.env["MLAN_CHROMIUM"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The Chromium of this machine; undefined when there is none. */
export const CHROMIUM: string | undefined = PLACES.find((place) => place !== "" && existsSync(place));

/** Starts the machine's Chromium. Its sandbox needs rights that containers lack; these pages are our own. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--force-color-profile=srgb"] });
}
