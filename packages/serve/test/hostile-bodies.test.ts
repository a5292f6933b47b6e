import fc from "fast-check";
import { expect, it } from "vitest";
import { picture, served, tinyModel } from "./served-model.ts";

const { server } = await served(await tinyModel(), { name: "tiny", maximumTokens: 4 });
const red = await picture("#f00");

const valid = {
  model: "tiny",
  messages: [
    { role: "system", content: "Be brief." },
    {
      role: "user",
      content: [
        { type: "text", text: "hello" },
        { type: "image_url", image_url: { url: red } },
      ],
    },
    { role: "assistant", content: "hi" },
    { role: "user", content: "what is it?" },
  ],
  max_tokens: 1,
  temperature: 0.5,
  top_p: 0.9,
  n: 1,
  seed: 1,
  stop: ["x"],
  logprobs: true,
  top_logprobs: 1,
};

type Path = readonly (string | number)[];

/** The paths of all values within a value. */
function pathsIn(value: unknown, at: Path = []): readonly Path[] {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [at, ...entries.flatMap(([key, inner]) => pathsIn(inner, [...at, Array.isArray(value) ? Number(key) : key]))];
}

/** Returns the value with a different value at a path. Undefined removes the entry. */
function changed(value: unknown, [key, ...rest]: Path, next: unknown): unknown {
  if (key === undefined) return next;
  // An earlier change may have taken the place away.
  if (Array.isArray(value) && !(Number(key) in value)) return value;
  const inner = changed(Object(value)[key], rest, next);
  if (Array.isArray(value))
    return inner === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), inner);
  const { [key]: _, ...others } = Object(value);
  return inner === undefined ? others : { ...others, [key]: inner };
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    undefined,
    null,
    -1,
    1e308,
    2 ** 53,
    0.1,
    "",
    "<image>",
    "</s>",
    "\u0000",
    "\ud800",
    [],
    {},
    "data:",
    "data:image/png;base64,",
  ),
  fc.constant(red.slice(0, 60)),
);

it(
  "a chat body changed in any place is answered, or refused in the form of OpenAI's errors",
  { timeout: 120_000 },
  async () => {
    const change = fc.tuple(fc.constantFrom(...pathsIn(valid)), odd);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
        const body = changes.reduce((value: unknown, [path, next]) => changed(value, path, next), valid);
        await expectAnswerOrRefusal(JSON.stringify(body) ?? "");
      }),
      { numRuns: 500, seed: 14 },
    );
  },
);

it("so is a body of bytes, and one that is nested deeply", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => expectAnswerOrRefusal(bytes)),
    { numRuns: 100, seed: 15 },
  );
  await expectAnswerOrRefusal("[".repeat(1e6));
  await expectAnswerOrRefusal(`{"messages":${"[".repeat(1e5)}${"]".repeat(1e5)}}`);
});

async function expectAnswerOrRefusal(body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${server.url}/chat/completions`, { method: "POST", headers, body });
  const answer: unknown = await response.json();
  if (response.status === 200) return expect(answer).toMatchObject({ object: "chat.completion" });
  expect([400, 404], JSON.stringify(answer)).toContain(response.status);
  const { message, type } = Object(Object(answer).error);
  expect(type).toBe("invalid_request_error");
  expect(message).toMatch(/\S.*[.?!]$/s);
  expect(message.length).toBeLessThan(11_000);
}
