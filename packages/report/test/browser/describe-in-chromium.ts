import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { CHROMIUM, launchChromium } from "../../scripts/chromium.ts";

/** Tests with a real browser; skipped, with a message, where there is none. */
export function describeInChromium(name: string, tests: (browser: () => Browser) => void): void {
  let browser: Browser | undefined;
  if (CHROMIUM === undefined) {
    console.warn(`Skipped: ${name}. Install Chromium (apt install chromium), or set MLAN_CHROMIUM to its program.`);
  }
  describe.skipIf(CHROMIUM === undefined)(`${name} in Chromium`, () => {
    beforeAll(async () => {
      browser = await launchChromium(CHROMIUM ?? "");
    });
    afterAll(() => browser?.close());
    tests(() => {
      if (!browser) throw new Error("Chromium did not start");
      return browser;
    });
  });
}
