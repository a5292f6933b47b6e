import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { temporaryFolder } from "@mlan/testing";
import type { View } from "@mlan/run-view";
import { reportPage, type ReportOptions, serveReport } from "@mlan/report";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { sampleQuestions } from "../sample-questions.ts";
import { fullStudy } from "../full-study.ts";
import { sampleView } from "../sample-view.ts";
import { describeInChromium } from "./describe-in-chromium.ts";

const AXE = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");

interface Opened {
  readonly page: Page;
  /** Errors and warnings in the console, including those of the content security policy. */
  readonly problems: readonly string[];
  /**
   * Returns the processor time of the main thread so far, in seconds, which other processes on the machine do not
   * affect.
   */
  busy(): Promise<number>;
}

async function open(
  browser: Browser,
  {
    view = sampleView(),
    report = {},
    context = {},
  }: { readonly view?: View; readonly report?: ReportOptions; readonly context?: BrowserContextOptions } = {},
): Promise<Opened> {
  const file = new URL("report.html", temporaryFolder());
  await writeFile(
    file,
    await reportPage(view, { questions: ["boolq", "pope"].map((name) => sampleQuestions(name)), ...report }),
  );
  return openAt(browser, file, context);
}

async function openAt(browser: Browser, url: URL, context: BrowserContextOptions = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...context });
  onTestFinished(() => page.close());
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (!/^(?:file|data|blob):/.test(request.url()) && !request.url().startsWith(url.origin))
      problems.push(`asked for ${request.url()}`);
  });
  page.setDefaultTimeout(60_000);
  const busy = await busySeconds(page);
  await page.goto(url.href);
  await page.locator("[data-plot=results] svg").waitFor();
  return { page, problems, busy };
}

const eventually = <Value>(value: () => Promise<Value>) => expect.poll(value, { timeout: 30_000 });
const questions = (page: Page) => page.locator(".question");
const widthBeyondScreen = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

async function busySeconds(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  };
}

describeInChromium("a report", (browser) => {
  test("draws its plots and shows questions without an error in the console", async () => {
    const { page, problems } = await open(browser());
    expect(await page.locator("[data-plot=results] svg path, [data-plot=results] svg circle").count()).toBeGreaterThan(
      17,
    );
    expect(await page.locator("[data-plot=costs] .plot-place > svg").count()).toBe(2);
    expect(await page.locator("[data-plot=curves] .plot-place > svg").count()).toBe(2);
    await questions(page).first().waitFor();
    expect(await questions(page).count()).toBe(20);
    expect(problems).toEqual([]);
  });

  test("shows disagreements first, filters, searches, and changes the benchmark", async () => {
    const { page, problems } = await open(browser());
    await questions(page).first().waitFor();
    const verdicts = await questions(page).first().locator(".verdict").allTextContents();
    expect(new Set(verdicts).size).toBe(2);
    const press = (name: RegExp) => page.locator(".filters").getByRole("button", { name }).click();
    await press(/^Only tuned right/);
    // Of 60 questions, every second is answered correctly by tuned, and every fifth by aligned too.
    await eventually(() => page.locator("[role=status]").textContent()).toBe("24 of 60 questions of boolq");
    await page.getByLabel("Search").fill("boolq-22");
    await eventually(() => page.locator("[role=status]").textContent()).toBe("1 of 60 questions of boolq");
    expect(await page.locator(".question mark").first().textContent()).toBe("boolq-22");
    await page.getByLabel("Search").fill("");
    await page.locator("[data-benchmark=pope] a").click();
    await eventually(() => page.locator("[role=status]").textContent()).toBe("24 of 60 questions of pope");
    await press(/^All/);
    await page.getByRole("button", { name: "Next" }).click();
    await eventually(() => page.locator(".pages").textContent()).toContain("Page 2 of 3");
    expect(problems).toEqual([]);
  });

  test.each(["light", "dark"] as const)("has no serious accessibility violation, %s", async (colorScheme) => {
    const views = [sampleView(), sampleView({ models: ["base", "0 %", "50 %", "100 %"], seeds: 3, isStudy: true })];
    for (const view of views) {
      const labels = view.models.map(({ label }) => label);
      const report = { questions: [sampleQuestions("boolq", { models: labels })] };
      const { page } = await open(browser(), { view, report, context: { colorScheme } });
      await questions(page).first().waitFor();
      await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
      await page.evaluate(AXE);
      const { violations } = await page.evaluate<{ violations: readonly Violation[] }>("axe.run()");
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(
        serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`),
      ).toEqual([]);
    }
  });

  test("follows the system's theme, and can have the other one", async () => {
    const { page } = await open(browser(), { context: { colorScheme: "dark" } });
    const background = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const dark = await background();
    await page.getByRole("button", { name: "Light" }).click();
    expect(dark).toBe("rgb(20, 22, 26)");
    expect(await background()).toBe("rgb(255, 255, 255)");
  });

  test("fits a phone", async () => {
    const labels = ["base", "a model with a long name", "0 %", "50 %", "100 %"];
    const view = sampleView({ models: labels, seeds: 3, isStudy: true });
    const report = {
      questions: [
        sampleQuestions("boolq", { models: labels, question: { id: "x".repeat(300), prompt: "y".repeat(2000) } }),
      ],
    };
    const { page } = await open(browser(), { view, report, context: { viewport: { width: 390, height: 844 } } });
    await questions(page).first().waitFor();
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    await page.locator("[data-plot=shares-by-benchmark] svg").first().waitFor();
    expect(await widthBeyondScreen(page)).toBe(0);
  });

  test("runs nothing that a model, a dataset or a name contains", async () => {
    const attack = `</script><script>document.title="attacked"</script><img src=x onerror="document.title='attacked'"><svg onload="document.title='attacked'">`;
    const view = sampleView();
    const hostile: View = {
      ...view,
      models: view.models.map((model) => ({ ...model, label: `${attack}${model.label}` })),
      warnings: [{ kind: "damage", text: attack }],
    };
    const answers = [0, 1].map((correct) => ({ answer: attack, extracted: attack, correct: correct === 1 }));
    const images = [{ name: attack, file: `/nowhere/${attack}` }];
    const source = sampleQuestions("boolq", {
      question: {
        id: attack,
        prompt: attack,
        target: attack,
        answers,
        images,
        choices: [{ label: attack, text: attack }],
      },
    });
    const { page, problems } = await open(browser(), { view: hostile, report: { questions: [source] } });
    await questions(page).first().waitFor();
    expect(await page.locator(".question .code").first().textContent()).toBe(attack);
    expect(await page.locator("body img, body svg[onload]").count()).toBe(0);
    expect(await page.title()).toBe("miniworld · mlan report");
    expect(problems).toEqual([]);
  });

  test("with 50,000 answered questions opens within 2 s and filters within 100 ms", async () => {
    const report = { questions: [sampleQuestions("boolq", { count: 50_000 })] };
    const { page, problems, busy } = await open(browser(), { report });
    await questions(page).first().waitFor();
    const opened = await busy();
    expect(opened).toBeLessThan(2);
    const searches = ["circle", "circle t", "number 7", "1", "square", "boolq-499"];
    for (const text of searches) await page.getByLabel("Search").fill(text);
    await eventually(() => page.locator("[role=status]").textContent()).toBe("111 of 50,000 questions of boolq");
    expect(((await busy()) - opened) / searches.length).toBeLessThan(0.1);
    expect(problems).toEqual([]);
  });

  test("of a full study opens within 2 s", async () => {
    const [view, report] = fullStudy();
    const { page, problems, busy } = await open(browser(), { view, report });
    await questions(page).first().waitFor();
    expect(await busy()).toBeLessThan(2);
    await eventually(() => page.locator("[role=status]").textContent()).toBe(
      "200 of 200 questions of race, answers of seed 1",
    );
    await page.locator(".controls").getByLabel("Seed").selectOption("seed 3");
    await eventually(() => page.locator("[role=status]").textContent()).toBe(
      "200 of 200 questions of race, answers of seed 3",
    );
    expect(problems).toEqual([]);
  });

  test("that is live reloads when the run goes on", async () => {
    let state = "one";
    const render = (shown: string): Promise<string> =>
      reportPage({ ...sampleView(), name: `run ${shown}` }, { state: shown, questions: [] });
    const report = await serveReport({ render, state: async () => state, pollSeconds: 0.05 });
    try {
      const { page, problems } = await openAt(browser(), new URL(report.url));
      expect(await page.title()).toBe("run one · mlan report");
      state = "two";
      await eventually(() => page.title()).toBe("run two · mlan report");
      expect(problems).toEqual([]);
    } finally {
      await report.close();
    }
  });

  test("compares the last model with its own base, and counts questions without an answer as neither", async () => {
    const models = ["llama2/base", "llama2/a", "vicuna/base", "vicuna/a"];
    const view = sampleView({ models, isStudy: true });
    const answer = { answer: "yes.", extracted: "yes", correct: true };
    const question = { answers: [answer, answer, answer] };
    const report = { questions: [sampleQuestions("boolq", { models, count: 3, question })] };
    const { page } = await open(browser(), { view, report });
    await questions(page).first().waitFor();
    const chosen = await page.evaluate<readonly string[]>(
      "Array.from(document.querySelectorAll('.controls select'), (control) => control.selectedOptions[0]?.textContent)",
    );
    expect(chosen.slice(0, 3)).toEqual(["boolq", "vicuna/a", "vicuna/base"]);
    const counts = await page.locator(".filters button").allTextContents();
    expect(counts.filter((text) => !text.endsWith(" 0"))).toEqual(["All 3"]);
  });

  test("shows the answers of the two leading models first", async () => {
    const models = ["base", "0 %", "50 %", "100 %"];
    const view = sampleView({ models, isStudy: true });
    const { page } = await open(browser(), { view, report: { questions: [sampleQuestions("boolq", { models })] } });
    await questions(page).first().waitFor();
    const chosen = await page.evaluate<readonly string[]>(
      "Array.from(document.querySelectorAll('.controls select'), (control) => control.selectedOptions[0]?.textContent)",
    );
    expect(chosen.slice(0, 3)).toEqual(["boolq", "100 %", "0 %"]);
  });

  test("prints in light colors, without its controls, on the width of the paper", async () => {
    const [view, report] = fullStudy();
    const context = { colorScheme: "dark", viewport: { width: 700, height: 1000 } } as const;
    const { page } = await open(browser(), { view, report, context });
    await page.emulateMedia({ media: "print" });
    expect(await widthBeyondScreen(page)).toBe(0);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    expect(await page.locator(".controls").isVisible()).toBe(false);
  });
});

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}
