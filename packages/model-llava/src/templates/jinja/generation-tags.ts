/** Names of the variables whose values mark supervised text. */
export const SUPERVISED_START = "__supervised_start";
export const SUPERVISED_END = "__supervised_end";

/** Returns whether a template has the tags that transformers' `return_assistant_tokens_mask` needs. */
export function hasGenerationTags(source: string): boolean {
  return /\{%-?\s*generation\s*-?%\}/.test(source);
}

/**
 * Replaces `{% generation %}` and `{% endgeneration %}` with marks, because the Jinja library ignores these tags. White
 * space around them is handled as around other tags: the new `if` and `endif` tags strip the start of the line, and
 * this function removes the newline after a tag.
 */
export function markGeneration(source: string): string {
  return source.replace(TAG, (_, left: string, isEnd: string | undefined, right: string, line: string) => {
    const mark = `{{ ${isEnd ? SUPERVISED_END : SUPERVISED_START} ${right}}}${right && line}`;
    return `{%${left} ${isEnd ? "endif" : "if true"} %}${mark}`;
  });
}

const TAG = /\{%(-?)\s*(end)?generation\s*(-?)%\}(\n?)/g;
