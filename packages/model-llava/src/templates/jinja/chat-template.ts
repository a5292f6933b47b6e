import { messageOf, MlanError, pathOf } from "@mlan/core";
import { fingerprintNow } from "../../fingerprint.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { PlacedTurn } from "../place-images.ts";
import type { Template } from "../template.ts";
import { type ContentKind, chatMessages } from "./chat-messages.ts";
import { chatSegments, tokensIn } from "./chat-segments.ts";
import { hasGenerationTags, SUPERVISED_END, SUPERVISED_START, markGeneration } from "./generation-tags.ts";
import { type JinjaTemplate, parseJinja } from "./jinja-template.ts";
import { type Marks, marksFor } from "./marks.ts";
import { answerSpan, markedSpans, type RenderedChat, renderedChat, type Span, withoutMarks } from "./rendered-chat.ts";

/** A chat template from a model's folder. */
export interface ChatTemplateSource {
  /** Name of the template, e.g. "chat_template". */
  readonly name: string;
  readonly source: string;
  /** The file with the template, for errors. */
  readonly file: URL;
  /**
   * Special tokens by variable name, e.g. `bos_token`. `bos_token` and `eos_token` default to the tokenizer's tokens.
   */
  readonly specialTokens: Readonly<Record<string, string>>;
  /** The text that the template writes for an image, e.g. `<image>`. */
  readonly imageToken: string;
}

/**
 * Creates a {@link Template} from a model's chat template.
 *
 * Text and tokens equal those of `apply_chat_template`, except that the texts of turns are never read as tokens. The
 * text between `{% generation %}` tags is supervised. Without these tags, each answer is supervised from the end of its
 * prompt to the token that ends it. If the template ends answers without a token, a supervised end-of-sequence token
 * follows the last answer.
 *
 * The source is parsed at first use. The template then throws `invalid-checkpoint` if the source cannot be parsed, and
 * `invalid-data` with the name of the conversation or request if it cannot write the turns.
 */
export function chatTemplate(given: ChatTemplateSource, tokenizer: Tokenizer): Template {
  const { name, source, imageToken } = given;
  const [begin, end] = [tokenizer.beginOfSequenceId, tokenizer.endOfSequenceId].map((id) =>
    id === undefined ? undefined : tokenizer.tokenOf(id),
  );
  const specialTokens = {
    ...(begin !== undefined && { bos_token: begin }),
    ...(end !== undefined && { eos_token: end }),
    // Only variables that the template uses, because the others depend on the layout of the folder.
    ...Object.fromEntries(
      Object.entries(given.specialTokens).filter(([variable]) => variable === "bos_token" || source.includes(variable)),
    ),
  };
  const from = { ...given, specialTokens };
  let known: Probed | undefined;
  const probed = (): Probed => (known ??= probe(from, tokenizer));
  const options = { tokens: tokenizer.addedTokens, imageToken };
  return {
    name,
    // The number must change with the rules for supervision.
    fingerprint: fingerprintNow(["chat template", 1, source, Object.entries(specialTokens).toSorted(), imageToken]),
    get answerEnd() {
      return probed().answerEnd;
    },
    get beginOfSequence() {
      return probed().beginOfSequence;
    },
    segments: ({ id, turns }) => {
      const subject = `conversation ${JSON.stringify(id)}`;
      const { chat, supervised } = writtenChat(turns, subject, { from, probed: probed() });
      const segments = chatSegments(chat, supervised, options);
      const last = turns.at(-1);
      const isOpen = probed().answerEnd === undefined && last?.role === "assistant" && last.text.trim() !== "";
      return isOpen ? [...segments, { token: "end-of-sequence", supervised: last.supervised ?? true }] : segments;
    },
    promptSegments: ({ id, turns, answerStart }) => {
      const subject = `the prompt of ${JSON.stringify(id)}`;
      const owner = { from, probed: probed() };
      const core = answerStart.trim();
      if (core === "") {
        const { chat } = writtenChat(turns, subject, owner, true);
        return [...chatSegments(chat, [], options), { text: answerStart, supervised: false, continues: true }];
      }
      const answer: PlacedTurn = { role: "assistant", text: answerStart, images: 0 };
      const { chat } = writtenChat([...turns, answer], subject, owner);
      const end = chat.marks.findLast(({ kind, turn }) => kind === "text-end" && turn === turns.length);
      const rest = answerStart.slice(answerStart.indexOf(core) + core.length);
      return [
        ...chatSegments(chat, [], { ...options, end: end?.start ?? chat.text.length }),
        { text: rest, supervised: false, continues: true },
      ];
    },
  };
}

/** Properties of a template that are found by rendering test chats. */
interface Probed {
  readonly template: JinjaTemplate;
  /** The content of messages that the template expects, in chats without and with images. */
  readonly kinds: { readonly text: ContentKind; readonly images: ContentKind };
  readonly hasTags: boolean;
  /** The token after an answer, if there is one. */
  readonly answerEnd: string | undefined;
  readonly beginOfSequence: boolean;
}

interface Owner {
  readonly from: ChatTemplateSource;
  readonly probed: Probed;
}

function probe(from: ChatTemplateSource, { addedTokens }: Tokenizer): Probed {
  const template = parsed(from);
  const marks = marksFor([from.source]);
  const write = (turns: readonly PlacedTurn[], kind: ContentKind): RenderedChat | undefined => {
    try {
      const messages = chatMessages(turns, kind, marks);
      return renderedChat(template.render(variables(from, marks, messages, false)), marks);
    } catch {
      return undefined;
    }
  };
  const question: PlacedTurn = { role: "user", text: "Question", images: 0 };
  const says = (chat: RenderedChat | undefined): boolean => chat?.pieces.some(({ said }) => said) ?? false;
  const shows = (chat: RenderedChat | undefined): boolean =>
    chat?.pieces.some(({ said, text }) => !said && text.includes(from.imageToken)) ?? false;
  const text: ContentKind = says(write([question], "text")) ? "text" : "parts";
  const images: ContentKind = shows(write([{ ...question, images: 1 }], "parts")) ? "parts" : "text";
  const chat = write([question, { role: "assistant", text: "Answer", images: 0 }], text);
  const answered = chat?.marks.findLast(({ kind, turn }) => kind === "text-end" && turn === 1);
  const behind = chat?.pieces.find(({ start, said }) => !said && start >= (answered?.end ?? Infinity));
  const answerEnd = tokensIn(behind?.text ?? "", addedTokens)[0]?.content;
  const begin = from.specialTokens["bos_token"];
  // Templates that expect parts belong to processors, which add the token themselves.
  const beginOfSequence = images === "parts" && begin !== undefined && chat?.text.startsWith(begin) === false;
  return { template, kinds: { text, images }, hasTags: hasGenerationTags(from.source), answerEnd, beginOfSequence };
}

function parsed({ source, file, name }: ChatTemplateSource): JinjaTemplate {
  try {
    return parseJinja(markGeneration(source));
  } catch (cause) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(file)}: the template ${JSON.stringify(name)} cannot be read: ${shortened(messageOf(cause))}. ` +
        "Correct it, or name another template.",
      { cause },
    );
  }
}

function variables(
  { specialTokens }: ChatTemplateSource,
  marks: Marks,
  messages: unknown,
  addGenerationPrompt: boolean,
): Readonly<Record<string, unknown>> {
  return {
    ...specialTokens,
    messages,
    add_generation_prompt: addGenerationPrompt,
    [SUPERVISED_START]: marks.write("supervised-start"),
    [SUPERVISED_END]: marks.write("supervised-end"),
  };
}

interface WrittenChat {
  readonly chat: RenderedChat;
  readonly supervised: readonly Span[];
}

/** Renders turns. `asks` adds the start of an answer. Throws `invalid-data` with the name `subject`. */
function writtenChat(
  turns: readonly PlacedTurn[],
  subject: string,
  { from, probed }: Owner,
  asks = false,
): WrittenChat {
  const refused = (problem: string, cause?: unknown): MlanError =>
    new MlanError(
      "invalid-data",
      `model-llava: ${subject} cannot be written in the template ${JSON.stringify(from.name)} of ${pathOf(from.file)}: ` +
        `${shortened(problem)}. Change its turns, or name another template.`,
      { cause },
    );
  const { template, kinds, hasTags, answerEnd } = probed;
  const hasImages = turns.some(({ images, placeholders = 0 }) => images + placeholders > 0);
  const kind = hasImages ? kinds.images : kinds.text;
  try {
    const marks = marksFor([from.source, ...turns.map(({ text }) => text)]);
    const render = (some: readonly PlacedTurn[], adds: boolean, marked = true): string =>
      template.render(variables(from, marks, chatMessages(some, kind, marks, { marked }), adds));
    const text = render(turns, asks);
    if (withoutMarks(text, marks) !== withoutMarks(render(turns, asks, false), marks))
      throw new Error(
        "it depends on how a turn's text begins or ends, so that the turn cannot be located in the result",
      );
    const chat = renderedChat(text, marks);
    const problem = unwrittenTurn(turns, chat) ?? wrongImages(turns, chat, kind, from.imageToken);
    if (problem !== undefined) throw new Error(problem);
    if (asks) return { chat, supervised: [] };
    const isSupervised = (turn: number): boolean =>
      turns[turn]?.role === "assistant" && (turns[turn].supervised ?? true);
    if (hasTags) return { chat, supervised: markedSpans(chat, isSupervised) };
    const supervised = turns.flatMap((turn, place): readonly Span[] => {
      if (!isSupervised(place) || turn.text.trim() === "") return [];
      const span = answerSpan(chat, place, { asked: render(turns.slice(0, place), true), answerEnd });
      return span ? [span] : [];
    });
    return { chat, supervised };
  } catch (cause) {
    throw refused(messageOf(cause), cause);
  }
}

function unwrittenTurn(turns: readonly PlacedTurn[], { marks }: RenderedChat): string | undefined {
  const written = new Set(marks.filter(({ kind }) => kind.startsWith("text")).map(({ turn }) => turn));
  const missing = turns.findIndex(({ text }, place) => text.trim() !== "" && !written.has(place));
  if (missing < 0) return undefined;
  const role = turns[missing]?.role;
  return role === "system"
    ? "it has no place for a system prompt"
    : `it leaves out turn ${missing + 1}, by the ${role}`;
}

function wrongImages(
  turns: readonly PlacedTurn[],
  { pieces, marks }: RenderedChat,
  kind: ContentKind,
  imageToken: string,
): string | undefined {
  const expected = turns.reduce((sum, { images, placeholders = 0 }) => sum + images + placeholders, 0);
  const found =
    kind === "text"
      ? marks.filter((mark) => mark.kind === "image").length
      : pieces.reduce((sum, { said, text }) => sum + (said ? 0 : text.split(imageToken).length - 1), 0);
  return found === expected ? undefined : `it writes ${found} images instead of ${expected}`;
}

function shortened(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
