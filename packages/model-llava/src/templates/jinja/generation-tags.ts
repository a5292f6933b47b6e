/** Names of the variables that hold the marks around supervised text. */
export const SUPERVISED_START = "__supervised_start";
export const SUPERVISED_END = "__supervised_end";

/**
 * Returns whether a template marks the supervised text itself, as transformers' `return_assistant_tokens_mask`
 * requires.
 */
export function hasGenerationTags(source: string): boolean {
  return /\{%-?\s*generation\s*-?%\}/.test(source);
}

/**
 * Replaces `{% generation %}` and `{% endgeneration %}`, which the Jinja library ignores, with marks. White space
 * around the tags is treated as for other tags: an `if` tag strips the beginning of the line, and a line end after the
 * tag is removed here.
 */
export function markGeneration(source: string): string {
  return source.replace(TAG, (_, left: string, isEnd: string | undefined, right: string, line: string) => {
    const mark = `{{ ${isEnd ? SUPERVISED_END : SUPERVISED_START} ${right}}}${right && line}`;
    return `{%${left} ${isEnd ? "endif" : "if true"} %}${mark}`;
  });
}

const TAG = /\{%(-?)\s*(end)?generation\s*(-?)%\}(\n?)/g;
