import { readFile, rm } from "node:fs/promises";
import { afterAll, expect, it } from "vitest";
import { z } from "zod";
import { benchmarkWorld } from "./benchmark-world.ts";

const world = await benchmarkWorld();
afterAll(() => rm(world.folder, { recursive: true, force: true }));

interface AskedTurn {
  readonly context: string;
  readonly request: string;
  readonly answer: string;
  readonly choices: ReadonlyMap<string, string>;
}

const turns = await askedTurns();

it("asks for letters among two to five choices, each letter equally often", () => {
  const asked = turns.filter(({ choices }) => choices.size > 0);
  for (const count of [2, 3, 4, 5]) {
    const letters = asked.filter(({ choices }) => choices.size === count).map(({ answer }) => answer);
    expect(letters.length).toBeGreaterThan(100);
    for (const letter of "ABCDE".slice(0, count)) {
      const share = letters.filter((other) => other === letter).length / letters.length;
      expect(share).toBeGreaterThan(0.6 / count);
      expect(share).toBeLessThan(1.5 / count);
    }
  }
});

it("asks for yes and no with phrases that name them, and with phrases that ask for a short answer", () => {
  const asked = turns.filter(({ answer }) => answer === "yes" || answer === "no");
  expect(asked.filter(({ request }) => /yes/.test(request)).length).toBeGreaterThan(300);
  expect(asked.filter(({ request }) => !/yes/.test(request)).length).toBeGreaterThan(100);
});

it("asks about sketches, captions, stories, and words without a context", () => {
  const kinds = turns.map(({ context }) => (context === "" ? "none" : isSketch(context) ? "sketch" : "text"));
  for (const kind of ["none", "sketch", "text"])
    expect(kinds.filter((other) => other === kind).length).toBeGreaterThan(100);
});

it("says of sketches what they show", () => {
  let checked = 0;
  let aboutColors = 0;
  for (const turn of turns.filter(({ context }) => isSketch(context))) {
    const expected = sketchAnswer(turn);
    if (expected === undefined) continue;
    checked++;
    if (/colour/.test(turn.request)) aboutColors++;
    expect(turn.choices.get(turn.answer) ?? turn.answer, `${turn.context}\n${turn.request}`).toBe(expected);
  }
  expect(checked).toBeGreaterThan(200);
  expect(aboutColors).toBeGreaterThan(30);
});

it("offers one choice that can be seen, and one that is missing", () => {
  const isShown = (context: string, thing: string): boolean =>
    context.split(" ").includes(thing.slice(2).replace(" ", ""));
  const asked = turns.filter(({ context, choices }) => isSketch(context) && choices.size > 0);
  const seen = asked.filter(({ request }) =>
    /of these can be seen\?|of these do you see\?|What does it show\?/.test(request),
  );
  const missing = asked.filter(({ request }) => /(?:is missing|not see|is absent|is absent here)\?/.test(request));
  expect(Math.min(seen.length, missing.length)).toBeGreaterThan(20);
  for (const { context, choices, answer } of seen) {
    expect(labelsOf(choices, (thing) => isShown(context, thing))).toEqual([answer]);
  }
  for (const { context, choices, answer } of missing) {
    expect(labelsOf(choices, (thing) => !isShown(context, thing))).toEqual([answer]);
  }
});

it("says of stories what they tell", () => {
  let checked = 0;
  for (const { context, request, answer, choices } of turns) {
    const told = [...context.matchAll(/(\w+) (had|saw|took) (a \w+ \w+)\./g)];
    const said = choices.get(answer) ?? answer;
    const [, name] = /What did (\w+) (?:have|see|take)\?/.exec(request) ?? [];
    const [, past, thing] = /Who (\w+) (a \w+ \w+)\?/.exec(request) ?? [];
    if (name === undefined && thing === undefined && !request.includes("is true?")) continue;
    checked++;
    const holds = told.some(([claim, who, did, what]) =>
      name
        ? who === name && what === said
        : thing
          ? who === said && did === past && what === thing
          : claim === `${said}.`,
    );
    expect(holds, `${context}\n${request}\n${said}`).toBe(true);
  }
  expect(checked).toBeGreaterThan(150);
});

it("never asks what a benchmark asks: the meaning of compounds, or which words are colors and shapes", () => {
  for (const { context, request } of turns) {
    expect(request).not.toMatch(/\b(red|green|blue|yellow|purple|white)(circle|square|triangle|cross|ring)\b/);
    if (context === "") expect(request).not.toMatch(/colou?r|shape/);
  }
});

function sketchAnswer({ context, request }: AskedTurn): string | undefined {
  const things = context.split(" ").flatMap((word, cell) => {
    const [, color = "", shape = ""] = /^([a-z]+?)(circle|square|triangle|cross|ring)$/.exec(word) ?? [];
    return shape === "" ? [] : [{ color, shape, column: cell % 4, row: Math.floor(cell / 4) }];
  });
  const ofShape = found(request, [
    /(?:What colour is|Say the colour of|Which colour do you see on) the (\w+)[?.]/,
    /What colour does the (\w+) show\?/,
    /The (\w+) has which colour\?/,
  ]);
  if (ofShape) return things.find(({ shape }) => shape === ofShape)?.color;
  const ofColor = found(request, [
    /(?:What shape is|Say the shape of|What shape does) the (\w+) thing(?: show)?[?.]/,
    /Which shape do you see in (\w+)\?/,
    /The (\w+) thing has which shape\?/,
  ]);
  if (ofColor) return things.find(({ color }) => color === ofColor)?.shape;
  if (/How many things|Count the things|umber of things(?: do you see| can be seen|\.| here\?)/.test(request))
    return ["one", "two", "three", "four"][things.length - 1];
  const place = found(request, [/(?:What stands|Which thing do you see|Name the thing) at the ([a-z ]+)[?.]/]);
  if (place) {
    const thing = things.find((other) => placeName(other) === place);
    return thing && `a ${thing.color} ${thing.shape}`;
  }
  const placed = found(request, [
    /(?:Where is|Say the place of|Which place does|In which place do you see) the (\w+ \w+)(?: have)?[?.]/,
  ]);
  if (placed) {
    const thing = things.find(({ color, shape }) => `${color} ${shape}` === placed);
    return thing && placeName(thing);
  }
  const [, one, words, other] =
    /(?:Does|Do you see|Is) the (\w+ \w+) (?:stand |seen )?(?:on the )?(left or (?:on the )?right|higher or lower|above or below)(?: of| than)? the (\w+ \w+)\?/.exec(
      request,
    ) ?? [];
  const [first, second] = [one, other].map((name) => things.find(({ color, shape }) => `${color} ${shape}` === name));
  if (!first || !second) return undefined;
  if (words?.startsWith("left")) return first.column < second.column ? "left" : "right";
  return words?.split(" or ")[first.row < second.row ? 0 : 1];
}

/** The first group of the first expression that matches. */
function found(text: string, expressions: readonly RegExp[]): string | undefined {
  return expressions.map((expression) => expression.exec(text)?.[1]).find((group) => group !== undefined);
}

function placeName({ row, column }: { readonly row: number; readonly column: number }): string {
  const name = [["top", "middle", "middle", "bottom"][row], ["left", "middle", "middle", "right"][column]];
  return name[0] === name[1] ? "middle" : name.join(" ");
}

function isSketch(context: string): boolean {
  return context.split(" ").length === 16 && /\b[a-d][1-4]\b/.test(context);
}

function labelsOf(choices: ReadonlyMap<string, string>, holds: (text: string) => boolean): readonly string[] {
  return [...choices].filter(([, text]) => holds(text)).map(([label]) => label);
}

/** The questions of MLAN_mini.json, each with the context of its conversation. */
async function askedTurns(): Promise<readonly AskedTurn[]> {
  const file = z.array(z.object({ conversations: z.array(z.object({ value: z.string() })) }));
  const records = file.parse(JSON.parse(await readFile(new URL("MLAN_mini.json", world.mlan), "utf8")));
  return records.flatMap(({ conversations }) => {
    const values = conversations.map(({ value }) => value);
    const [line = ""] = values[0]?.split("\n") ?? [];
    const context = isSketch(line) || line.startsWith("Context: ") ? line : "";
    return values.flatMap((value, index) => {
      if (index % 2 === 1) return [];
      const request = index === 0 ? value.slice(context.length).trim() : value;
      const choices = new Map(
        [...request.matchAll(/^([A-E]): (.+)$/gm)].map(([, label = "", text = ""]) => [label, text]),
      );
      const answer = /"(.+)"\.?$/.exec(values[index + 1] ?? "")?.[1] ?? values[index + 1] ?? "";
      return [{ context, request, answer, choices }];
    });
  });
}
