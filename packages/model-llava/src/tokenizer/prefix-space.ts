import type { TokenizerJson } from "./tokenizer-json.ts";
import { SPACE } from "./vocabulary.ts";

/**
 * Changes the steps so that text gets, or does not get, a space in front. `add_prefix_space` of `tokenizer_config.json`
 * takes precedence over `tokenizer.json`, except for generic tokenizer classes.
 */
export function withPrefixSpace(json: TokenizerJson, isWanted: boolean): TokenizerJson {
  const { normalizers, preTokenizers, decoders } = json;
  const isPrefixed = normalizers.some(({ type }) => type === "Prepend");
  const marksSpaces = normalizers.some(({ type, content }) => type === "Replace" && content === SPACE);
  const bare = normalizers.filter(({ type }) => type !== "Prepend");
  const prepend = { type: "Prepend", prepend: SPACE };
  return {
    ...json,
    normalizers: isWanted ? (marksSpaces && !isPrefixed ? [prepend, ...bare] : normalizers) : bare,
    preTokenizers: preTokenizers.map((step) => {
      if (step.type === "ByteLevel") return { ...step, add_prefix_space: isWanted };
      if (step.type !== "Metaspace") return step;
      const scheme = step.prepend_scheme ?? (step.add_prefix_space === false ? "never" : "always");
      if (!isWanted) return { ...step, prepend_scheme: "never" };
      return { ...step, prepend_scheme: scheme === "never" ? "first" : scheme };
    }),
    decoders: isWanted
      ? decoders
      : decoders
          .filter(({ type, content }) => type !== "Strip" || content !== " ")
          .map((step) => (step.type === "Metaspace" ? { ...step, prepend_scheme: "never" } : step)),
  };
}
